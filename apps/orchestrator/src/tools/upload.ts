import { createHash } from 'node:crypto';
import { AdmitAnswer, FailureError, ToolCase, ToolManifest, canonicalJson, isRemoteDenied, parseJsonText, type Tool, type ToolFinding, type ToolPolicy } from '@trivet/contracts';
import { subjects, type Bus } from '@trivet/bus';
import { uploadedTool, type LedgerClock, type ToolCatalog, type ToolUploads, type ToolVersion } from '@trivet/state';
import { z } from 'zod';
import type { Actor, AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';
import { signatureFinding, type Signers } from './signature.js';

/** The parts of an upload as they came. */
export interface UploadParts {
  /** tool.json as text. */
  manifest?: string | undefined;
  module?: Uint8Array | undefined;
  /** cases.json as text. */
  cases?: string | undefined;
  /** Base64 of an Ed25519 signature, see signature.ts. */
  signature?: string | undefined;
}

export interface UploadDependencies {
  bus: Pick<Bus, 'request'>;
  catalog: Pick<ToolCatalog, 'list'>;
  uploads: ToolUploads;
  facts: Pick<Facts, 'record' | 'recordContent'>;
  audit: AuditTrail;
  clock: LedgerClock;
  signers: Signers;
  /** What the policy of a tenant says of tools. */
  toolPolicyOf: (tenant: string) => Promise<ToolPolicy | undefined>;
}

/** Cases run in the sandbox, each up to the tool's own limit. */
const ADMIT_WITHIN_MS = 60_000;

/**
 * Takes a version of a tool: everything is checked, by an executor also the module and its cases, and every problem is
 * named at once. Kept and usable when this resolves.
 * @returns whether this version is new; the same version again changes nothing
 * @throws FailureError tool_refused with all findings, state_conflict for a version that stands with another content
 */
export async function uploadTool(parts: UploadDependencies, by: Actor, name: string, given: UploadParts): Promise<{ tool: Tool; isNew: boolean }> {
  const { manifest, cases, findings } = readUpload(name, given);
  if (!manifest || findings.length > 0) throw refused(name, findings);
  const remoteProblem = remoteFinding(await parts.toolPolicyOf(by.tenant), by.tenant, manifest);
  if (remoteProblem) throw refused(name, [remoteProblem]);
  const bundled = await parts.catalog.list();
  if (bundled.length === 0) throw new FailureError('unavailable', 'No executor has brought its tools, so nobody can say whether the name is free.', { hint: 'Upload again in a few seconds; start an executor if none is up.' });
  if (bundled.some((tool) => tool.name === name)) throw new FailureError('state_conflict', `The name ${name} is that of a bundled tool.`, { hint: 'Choose another name in tool.json and in the path.' });
  // A remote tool has no module: what must not change is its manifest.
  const digest = given.module ? await parts.uploads.stageModule(given.module) : createHash('sha256').update(canonicalJson(manifest)).digest('hex');
  const signed = signatureFinding(parts.signers, { manifest, digest, signature: given.signature });
  const answer = await askExecutor(parts.bus, { tenant: by.tenant, manifest, digest, cases });
  const all = [...(signed ? [signed] : []), ...answer.findings];
  if (all.length > 0) throw refused(name, all);
  return keep(parts, by, { manifest, digest, bytes: given.module?.length ?? 0, uploadedAt: new Date(parts.clock.nowMs()).toISOString(), uploadedBy: by.actor }, given.module);
}

async function keep({ uploads, facts, audit }: UploadDependencies, { tenant, actor }: Actor, version: ToolVersion, module: Uint8Array | undefined): Promise<{ tool: Tool; isNew: boolean }> {
  const { name, version: number } = version.manifest;
  if (module) await uploads.keepModule(module);
  const outcome = await uploads.add(tenant, version);
  if (outcome === 'conflict') throw new FailureError('state_conflict', `Version ${number} of the tool ${name} stands with another module or manifest.`, { hint: 'A version never changes: raise the version in tool.json.' });
  const head = { version: number, disabled: false };
  await uploads.setHead(tenant, name, head);
  if (outcome === 'added') {
    if (module) await facts.recordContent(tenant, version.digest, module);
    await facts.record(tenant, { kind: 'tool', tenant, version });
  }
  await facts.record(tenant, { kind: 'tool-head', tenant, name, head });
  await audit.record({ tenant, actor, action: 'tool.upload', target: `tool/${name}`, workflowId: null, detail: `version ${number}, sha256 ${version.digest}` });
  return { tool: uploadedTool(version, false), isNew: outcome === 'added' };
}

interface ReadUpload {
  manifest: ToolManifest | null;
  cases: ToolCase[];
  findings: ToolFinding[];
}

function readUpload(name: string, given: UploadParts): ReadUpload {
  const findings: ToolFinding[] = [];
  const manifest = readPart(given.manifest, 'manifest', ToolManifest, findings);
  const cases = given.cases === undefined ? [] : (readPart(given.cases, 'cases', z.array(ToolCase).max(100), findings) ?? []);
  if (!given.module && manifest?.remote === undefined) findings.push({ pointer: '/module', detail: 'is missing; send the WASM module as the part module' });
  if (manifest && manifest.name !== name) findings.push({ pointer: '/manifest/name', detail: `is ${manifest.name}, and the path says ${name}` });
  if (given.module && manifest?.remote !== undefined) findings.push({ pointer: '/manifest/remote', detail: 'names a subject, and a module was sent; a tool is one or the other' });
  return { manifest, cases, findings };
}

function remoteFinding(policy: ToolPolicy | undefined, tenant: string, { remote }: ToolManifest): ToolFinding | null {
  if (remote === undefined || !isRemoteDenied(policy, { tenant, remote, bundled: false })) return null;
  return { pointer: '/manifest/remote', detail: `is ${remote}, which the policy of tenant ${tenant} does not allow; the operator can (/api/v1/policies/${tenant}, tools.remote)` };
}

function readPart<Value>(text: string | undefined, part: string, schema: z.ZodType<Value>, findings: ToolFinding[]): Value | null {
  if (text === undefined) {
    findings.push({ pointer: `/${part}`, detail: `is missing; send it as the part ${part}` });
    return null;
  }
  try {
    const parsed = schema.safeParse(parseJsonText(text, `the part ${part}`));
    if (parsed.success) return parsed.data;
    findings.push(...parsed.error.issues.map((issue) => ({ pointer: `/${[part, ...issue.path].join('/')}`, detail: issue.message })));
  } catch (error) {
    findings.push({ pointer: `/${part}`, detail: error instanceof Error ? error.message : 'is not JSON' });
  }
  return null;
}

async function askExecutor(bus: Pick<Bus, 'request'>, request: { tenant: string; manifest: ToolManifest; digest: string; cases: ToolCase[] }): Promise<AdmitAnswer> {
  const { body, errorCode } = await bus.request(subjects.rpc('executor', 'admit'), request, { timeoutMs: ADMIT_WITHIN_MS }).catch((error: unknown) => {
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError('unavailable', 'No executor answers, and only an executor can check a tool.', { cause: error, hint: 'Start an executor and upload again; nothing was kept.' });
  });
  const answer = AdmitAnswer.safeParse(body);
  if (errorCode !== null || !answer.success) throw new FailureError('unavailable', 'The executor could not check the tool.', { hint: 'Upload again; see the log of the executor.' });
  return answer.data;
}

function refused(name: string, findings: readonly ToolFinding[]): FailureError {
  const first = findings[0];
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  return new FailureError('tool_refused', `The tool ${name.slice(0, 80)} is refused: ${first ? `${first.pointer} ${first.detail}` : 'no reason'}${more}`, { errors: findings.map((each) => ({ ...each })) });
}
