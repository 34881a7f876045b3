import { createHash } from 'node:crypto';
import { FailureError, canonicalJson, type ToolManifest } from '@trivet/contracts';
import { compileSchema } from './schema.js';
import type { CheckedTool } from './tool-catalog.js';

/** A tool that a service of the team answers on the bus, in place of a plugin. */
export interface RemoteTool extends CheckedTool {
  /** sha256 of the manifest: there is no module. */
  digest: string;
  bundled: boolean;
  /** The subject the service listens on. */
  remote: string;
}

/** What the sandbox would hold to; a service of its own has neither. */
const PLUGIN_FIELDS = ['entry', 'grants'] as const;

/**
 * Admits a remote tool from its manifest alone; whether anybody listens is found by each call. Throws a FailureError:
 * `tool_refused` when the manifest is that of a plugin, or `invalid_request` for a schema that is none.
 */
export function admitRemote(manifest: ToolManifest, options: { bundled: boolean } = { bundled: false }): RemoteTool {
  const { name, remote } = manifest;
  if (remote === undefined) throw new FailureError('tool_refused', `Tool ${name} is refused: it names no remote, and there is no module.`);
  const surplus = PLUGIN_FIELDS.filter((field) => manifest[field] !== undefined);
  if (surplus.length > 0) {
    throw new FailureError('tool_refused', `Tool ${name} is refused: it names remote ${remote} and has ${surplus.join(' and ')}, which only a plugin can have.`, { errors: surplus.map((field) => ({ pointer: `/${field}`, detail: 'has no meaning beside remote' })) });
  }
  return {
    manifest,
    digest: createHash('sha256').update(canonicalJson(manifest)).digest('hex'),
    bundled: options.bundled,
    remote,
    checkInput: compileSchema(manifest.input, `input of ${name}`),
    checkOutput: compileSchema(manifest.output, `output of ${name}`),
  };
}
