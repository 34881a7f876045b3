import { AdmitRequest, FailureError, parseOrFail, type AdmitAnswer, type ToolCase, type ToolFinding, type ToolManifest } from '@trivet/contracts';
import type { ToolUploads } from '@trivet/state';
import { callTool } from '../call-tool.js';
import { createCaseHost } from '../host/case-host.js';
import type { SandboxPool } from '../sandbox/pool.js';
import { admitRemote, type RemoteTool } from './remote-tool.js';
import { schemaFindings } from './schema-findings.js';
import { mistakeInCase } from './tool-case.js';
import { admitTool, type CatalogTool } from './tool-catalog.js';

export interface CheckUploadParts {
  pool: SandboxPool;
  uploads: Pick<ToolUploads, 'module'>;
  maxMemoryMib: number;
}

/** Says everything that is wrong with a tool somebody uploads, and runs its cases in the sandbox. */
export async function checkUpload(parts: CheckUploadParts, body: unknown): Promise<AdmitAnswer> {
  const { tenant, manifest, digest, cases } = parseOrFail(AdmitRequest, body, 'the request to admit a tool');
  const found = schemaFindings(manifest);
  const admitted = await admitOrFindings(() => admitUploaded(parts, manifest, digest));
  if (Array.isArray(admitted)) return { findings: [...found, ...admitted], casesPassed: 0 };
  // What a service answers is its own affair, on the day of the upload and later.
  if (found.length > 0 || 'remote' in admitted) return { findings: found, casesPassed: 0 };
  const findings = await runCases(parts.pool, admitted, tenant, cases);
  return { findings, casesPassed: cases.length - findings.length };
}

async function admitUploaded({ uploads, maxMemoryMib }: CheckUploadParts, manifest: ToolManifest, digest: string): Promise<CatalogTool | RemoteTool> {
  if (manifest.remote !== undefined) return admitRemote(manifest);
  const module = await uploads.module(digest);
  if (!module) throw new FailureError('not_found', `There is no module ${digest.slice(0, 12)}….`);
  return admitTool(manifest, new Uint8Array(module), { maxMemoryMib, bundled: false });
}

async function admitOrFindings(admit: () => Promise<CatalogTool | RemoteTool>): Promise<CatalogTool | RemoteTool | ToolFinding[]> {
  try {
    return await admit();
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code === 'not_found') throw error;
    return error.errors?.map(({ pointer, detail }) => ({ pointer, detail })) ?? [{ pointer: '/manifest', detail: error.message }];
  }
}

async function runCases(pool: SandboxPool, tool: CatalogTool, tenant: string, cases: readonly ToolCase[]): Promise<ToolFinding[]> {
  const findings: ToolFinding[] = [];
  for (const [index, each] of cases.entries()) {
    const mistake = mistakeInCase(each, await callTool(pool, tool, each.input, { tenant, host: createCaseHost(tool.manifest) }));
    if (mistake !== null) findings.push({ pointer: `/cases/${index}`, detail: `${each.name}: ${mistake}` });
  }
  return findings;
}
