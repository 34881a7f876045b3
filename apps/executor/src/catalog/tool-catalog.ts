import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, type JsonValue, type Tool, type ToolManifest } from '@trivet/contracts';
import { readManifest } from '@trivet/tool-sdk';
import { admit, type AdmissionOptions } from '../admission/admit.js';
import { compileSchema, type SchemaCheck } from './schema.js';
import type { SandboxTool } from '../sandbox/job.js';

/** A tool that passed admission, ready to be called. */
export interface CatalogTool {
  manifest: ToolManifest;
  /** sha256 of the module as it was given to us. */
  digest: string;
  bundled: boolean;
  sandbox: SandboxTool;
  checkInput: SchemaCheck;
  checkOutput: SchemaCheck;
}

/**
 * Admits a tool. Throws a FailureError: `tool_refused` with every finding, or `invalid_request` for a schema that is none.
 */
export function admitTool(manifest: ToolManifest, module: Uint8Array, options: AdmissionOptions & { bundled: boolean }): CatalogTool {
  if (manifest.remote !== undefined) throw new FailureError('tool_refused', `Tool ${manifest.name} is refused: it names remote ${manifest.remote} and has a module; it is one or the other.`);
  const admission = admit(module, manifest, options);
  if (!admission.admitted) {
    const errors = admission.findings.map(({ rule, message }) => ({ pointer: `/module/${rule}`, detail: message }));
    const first = admission.findings[0]?.message ?? 'no reason';
    const more = admission.findings.length > 1 ? ` (and ${admission.findings.length - 1} more)` : '';
    throw new FailureError('tool_refused', `Tool ${manifest.name} is refused: ${first}${more}.`, { errors, detail: { findings: admission.findings.map((finding) => ({ ...finding })) } });
  }
  const digest = createHash('sha256').update(module).digest('hex');
  // Our own plugins may share a process; what runs code of a tenant, or came from one, may not.
  const isolation = options.bundled && !manifest.name.startsWith('code_') ? 'shared' : 'tenant';
  return {
    manifest,
    digest,
    bundled: options.bundled,
    sandbox: { name: manifest.name, digest, module: admission.module, entry: manifest.entry ?? 'run', limits: manifest.limits, isolation },
    checkInput: compileSchema(manifest.input, `input of ${manifest.name}`),
    checkOutput: compileSchema(manifest.output, `output of ${manifest.name}`),
  };
}

/** Loads the tools of a folder: one sub-folder each, with tool.json and dist/<name>.wasm. Throws when one is missing or refused. */
export async function loadTools(folder: string, options: AdmissionOptions): Promise<Map<string, CatalogTool>> {
  const entries = await readdir(folder, { withFileTypes: true });
  const tools = new Map<string, CatalogTool>();
  for (const entry of entries.filter((each) => each.isDirectory()).sort((left, right) => (left.name < right.name ? -1 : 1))) {
    const names = await readdir(join(folder, entry.name));
    if (!names.includes('tool.json')) continue;
    const manifest = await readManifest(join(folder, entry.name));
    const file = join(folder, entry.name, 'dist', `${manifest.name}.wasm`);
    const module = await readFile(file).catch(() => {
      throw new FailureError('unavailable', `The bundled tool ${manifest.name} is not built; run npm run build.`);
    });
    tools.set(manifest.name, admitTool(manifest, new Uint8Array(module), { ...options, bundled: true }));
  }
  return tools;
}

/** A tool as GET /api/v1/tools lists it. */
export const describeTool = ({ manifest, digest, bundled }: Pick<CatalogTool, 'manifest' | 'digest' | 'bundled'>): Tool => ({ ...manifest, digest, bundled });

/** What a tool's input and output are checked by. */
export type CheckedTool = Pick<CatalogTool, 'manifest' | 'checkInput' | 'checkOutput'>;

/** Null when the input matches the tool's schema; otherwise the failure to answer with. */
export function validateInput(tool: CheckedTool, input: JsonValue): FailureError | null {
  const errors = tool.checkInput(input);
  if (errors.length === 0) return null;
  return new FailureError('tool_input_invalid', `The input of tool ${tool.manifest.name} does not match its schema: ${sentence(errors)}.`, { errors });
}

export function validateOutput(tool: CheckedTool, output: JsonValue): FailureError | null {
  const errors = tool.checkOutput(output);
  if (errors.length === 0) return null;
  return new FailureError('tool_output_invalid', `The output of tool ${tool.manifest.name} does not match its schema: ${sentence(errors)}.`, { errors, detail: { reason: 'schema' } });
}

const sentence = (errors: readonly { pointer: string; detail: string }[]): string => errors.slice(0, 5).map(({ pointer, detail }) => `${pointer || 'the value'} ${detail}`).join('; ');
