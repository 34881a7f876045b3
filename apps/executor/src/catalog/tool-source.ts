import { FailureError } from '@trivet/contracts';
import type { ToolUploads, ToolVersion } from '@trivet/state';
import type { McpTool } from '../mcp/mcp-tool.js';
import { admitRemote, type RemoteTool } from './remote-tool.js';
import { admitTool, type CatalogTool } from './tool-catalog.js';

/** A plugin, a service of the team, or a tool of an MCP server. */
export type AnyTool = CatalogTool | RemoteTool | McpTool;

/** Which tool a call names. */
export interface WantedTool {
  tenant: string;
  name: string;
  /** Of an uploaded tool, even when a tool of this executor has its name: absent, the one its name stands for now. */
  version?: string | undefined;
}

/** The tools this executor can run: its own, and those that tenants uploaded, admitted when the first call comes. */
export interface ToolSource {
  /** Null: there is no such tool. Throws a FailureError `tool_refused` for one that is disabled or that admission refuses. */
  find: (wanted: WantedTool) => Promise<AnyTool | null>;
  /** Whether it comes with other executors only: it does not come with this one, and the tenant never uploaded one of that name. */
  isElsewhere: (wanted: WantedTool) => Promise<boolean>;
}

export interface ToolSourceParts {
  /** Those that come with this executor. */
  bundled: ReadonlyMap<string, AnyTool>;
  uploads: Pick<ToolUploads, 'head' | 'version' | 'versions' | 'module'>;
  maxMemoryMib: number;
}

/** Admitted modules are kept in memory; this many of tenants at most. */
const MOST_ADMITTED = 64;

export function createToolSource({ bundled, uploads, maxMemoryMib }: ToolSourceParts): ToolSource {
  const admitted = new Map<string, Promise<CatalogTool | RemoteTool>>();

  function admitOnce(key: string, version: ToolVersion): Promise<CatalogTool | RemoteTool> {
    const known = admitted.get(key);
    if (known) return known;
    const [oldest] = admitted.keys();
    if (oldest !== undefined && admitted.size >= MOST_ADMITTED) admitted.delete(oldest);
    const admitting = loadUploaded(uploads, version, maxMemoryMib);
    admitted.set(key, admitting);
    admitting.catch(() => admitted.delete(key));
    return admitting;
  }

  return {
    find: async ({ tenant, name, version: pinned }) => {
      const own = bundled.get(name);
      if (own && pinned === undefined) return own;
      const head = await uploads.head(tenant, name);
      if (head?.disabled) throw new FailureError('tool_refused', `Tool ${name} is disabled.`, { detail: { rule: 'disabled' }, hint: `Enable it: npx trivet tools enable ${name}` });
      const wanted = pinned ?? head?.version;
      if (wanted === undefined) return null;
      const version = await uploads.version(tenant, name, wanted);
      return version ? admitOnce(`${tenant}/${name}@${wanted}`, version) : null;
    },
    isElsewhere: async ({ tenant, name, version }) => {
      if (version !== undefined || bundled.has(name)) return false;
      return (await uploads.versions(tenant, name)).length === 0;
    },
  };
}

async function loadUploaded(uploads: Pick<ToolUploads, 'module'>, { manifest, digest }: ToolVersion, maxMemoryMib: number): Promise<CatalogTool | RemoteTool> {
  if (manifest.remote !== undefined) return admitRemote(manifest);
  const module = await uploads.module(digest);
  if (!module) throw new FailureError('tool_unknown', `The module of tool ${manifest.name} (${digest.slice(0, 12)}…) is no longer kept.`, { hint: 'Upload it again.' });
  return admitTool(manifest, new Uint8Array(module), { maxMemoryMib, bundled: false });
}
