import { FailureError, toolNameOf, type Tool } from '@trivet/contracts';
import { uploadedTool, type ToolCatalog, type ToolHead, type ToolUploads } from '@trivet/state';
import type { Actor, AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';

/** The tools of a tenant: the bundled ones, and those it uploaded. */
export interface Tools {
  /** All of them by name, also those that are disabled. */
  list: (tenant: string) => Promise<Tool[]>;
  get: (tenant: string, name: string) => Promise<Tool>;
  /** What a plan may use, by name. */
  usable: (tenant: string) => Promise<ReadonlyMap<string, Tool>>;
  /** The version that `name@1.2.0` or `name@sha256:…` names; null: there is none, or it is disabled. */
  resolve: (tenant: string, reference: string) => Promise<Tool | null>;
  /** Newest first. */
  versions: (tenant: string, name: string) => Promise<Tool[]>;
  setDisabled: (by: Actor, name: string, disabled: boolean) => Promise<Tool>;
  remove: (by: Actor, name: string) => Promise<void>;
}

export interface ToolParts {
  catalog: Pick<ToolCatalog, 'list' | 'get'>;
  uploads: ToolUploads;
  facts: Pick<Facts, 'record'>;
  audit: AuditTrail;
}

export function createTools(parts: ToolParts): Tools {
  const { catalog, uploads } = parts;

  async function list(tenant: string): Promise<Tool[]> {
    const [bundled, own] = await Promise.all([catalog.list(), uploads.list(tenant)]);
    return own.length === 0 ? bundled : [...bundled, ...own].sort((left, right) => (left.name < right.name ? -1 : 1));
  }

  async function get(tenant: string, name: string): Promise<Tool> {
    const tool = (await catalog.get(name)) ?? (await uploads.list(tenant)).find((each) => each.name === name);
    if (!tool) throw new FailureError('not_found', `There is no tool ${JSON.stringify(name.slice(0, 80))}.`, { hint: 'See GET /api/v1/tools for the names.' });
    return tool;
  }

  async function headOf(tenant: string, name: string): Promise<ToolHead> {
    const tool = await get(tenant, name);
    if (tool.bundled) throw new FailureError('state_conflict', `The tool ${name} comes with the executor; it cannot be changed here.`, { hint: 'Leave it out of your plans, or deny it in the policy of the tenant.' });
    return { version: tool.version, disabled: tool.disabled === true };
  }

  async function setHead({ tenant, actor }: Actor, name: string, head: ToolHead | null, action: string): Promise<void> {
    await uploads.setHead(tenant, name, head);
    await parts.facts.record(tenant, { kind: 'tool-head', tenant, name, head });
    await parts.audit.record({ tenant, actor, action, target: `tool/${name}`, workflowId: null, detail: head ? `version ${head.version}` : null });
  }

  return {
    list,
    get,
    usable: async (tenant) => new Map((await list(tenant)).flatMap((tool): [string, Tool][] => (tool.disabled ? [] : [[tool.name, tool]]))),
    resolve: async (tenant, reference) => {
      const name = toolNameOf(reference);
      const wanted = reference.slice(name.length + 1);
      const isWanted = (tool: Tool): boolean => tool.version === wanted || `sha256:${tool.digest}` === wanted;
      const bundled = await catalog.get(name);
      if (bundled) return isWanted(bundled) ? bundled : null;
      const head = await uploads.head(tenant, name);
      if (head?.disabled) return null;
      return (await uploads.versions(tenant, name)).map((version) => uploadedTool(version, false)).find(isWanted) ?? null;
    },
    versions: async (tenant, name) => {
      const tool = await get(tenant, name);
      return tool.bundled ? [tool] : (await uploads.versions(tenant, name)).map((version) => uploadedTool(version, tool.disabled === true));
    },
    setDisabled: async (by, name, disabled) => {
      const head = await headOf(by.tenant, name);
      await setHead(by, name, { ...head, disabled }, disabled ? 'tool.disable' : 'tool.enable');
      return get(by.tenant, name);
    },
    remove: async (by, name) => {
      await headOf(by.tenant, name);
      await setHead(by, name, null, 'tool.remove');
    },
  };
}
