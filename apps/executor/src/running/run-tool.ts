import { context as telemetryContext } from '@opentelemetry/api';
import { FailureError, isRemoteDenied, isToolDenied, type Artefact, type JsonValue, type ToolCall, type ToolPolicy } from '@trivet/contracts';
import type { Blobs, ScriptSnapshots } from '@trivet/state';
import { callChecked, callTool } from '../call-tool.js';
import type { AnyTool, ToolSource, WantedTool } from '../catalog/tool-source.js';
import { createHostHandler, type HostCallContext, type HostServices, type InjectedFunction } from '../host/host-functions.js';
import type { SandboxPool } from '../sandbox/pool.js';
import { askMcp } from '../mcp/ask-mcp.js';
import type { RemoteAsker } from './ask-remote.js';
import type { WatchTool } from './tool-metrics.js';
import { durableScriptOf, runFromSnapshot } from './durable-script.js';
import type { RunOptions } from '../sandbox/job.js';
import { EMPTY_FIGURES, failed, type SandboxResult } from '../sandbox/result.js';

export interface RunParts {
  blobs: Blobs;
  pool: SandboxPool;
  tools: Pick<ToolSource, 'find'>;
  askRemote: RemoteAsker;
  services: Omit<HostServices, 'tool'>;
  snapshots: ScriptSnapshots;
  /** Told what each tool came to, for the metrics. */
  watchTool: WatchTool;
  /** Told what went wrong and did not matter. */
  onError: (error: unknown) => void;
  /** What the policy of a tenant says of tools, now. */
  toolPolicyOf: (tenant: string) => Promise<ToolPolicy | undefined>;
}

/** Runs the tool of a call with the call's input, wherever it runs (the sandbox, a service, an MCP server), and whatever tools that tool calls. */
export async function runTool(parts: RunParts, call: ToolCall, signal: AbortSignal): Promise<SandboxResult & { artefacts: Artefact[] }> {
  const input = call.inputRef ? await parts.blobs.load(call.inputRef) : (call.input ?? {});
  const policy = await parts.toolPolicyOf(call.tenant);
  const { tenant, workflowId, stepId, callId, attempt, user, session, ancestors, deadlineAt } = call;
  const artefacts = new Map<string, Artefact>();
  const context: HostCallContext = { artefacts, tenant, workflowId, stepId, callId, attempt, tool: call.tool, depth: 0, deadlineAt, policy, ...(user ? { user } : {}), ...(session ? { session } : {}), ...(ancestors ? { ancestors } : {}) };
  const result = await runNamed(parts, context, { input, signal, timeoutMs: call.timeoutMs, version: call.version, digest: call.digest });
  parts.watchTool(call.tool, result);
  return { ...result, artefacts: result.outcome === 'completed' ? [...artefacts.values()] : [] };
}

interface Run {
  input: JsonValue;
  signal: AbortSignal;
  timeoutMs?: number | undefined;
  version?: string | undefined;
  digest?: string | undefined;
}

async function runNamed(parts: RunParts, context: HostCallContext, { input, signal, timeoutMs, version, digest }: Run): Promise<SandboxResult> {
  if (isToolDenied(context.policy, context.tool)) return deniedByPolicy(context);
  const found = await findTool(parts.tools, { tenant: context.tenant, name: context.tool, version }, digest);
  if ('outcome' in found) return found;
  const tool = found;
  if ('remote' in tool && isRemoteDenied(context.policy, { tenant: context.tenant, ...tool })) return remoteDenied(context, tool.remote);
  const limits = [timeoutMs, ownTimeoutMs(context.tool, input)].filter((limit) => limit !== undefined);
  const shortest = limits.length > 0 ? Math.min(...limits) : undefined;
  if ('mcp' in tool) return callChecked(tool, input, () => askMcp(tool, input, { signal, timeoutMs: shortest }));
  if ('remote' in tool) return callChecked(tool, input, () => parts.askRemote(tool, context, input, { signal, timeoutMs: shortest }));
  const answer = createHostHandler({ ...context, uploaded: !tool.bundled }, tool.manifest.grants ?? {}, { ...parts.services, tool: nestedCalls(parts) });
  // Host calls arrive on the pipe of a slot, outside of any trace; they belong to the call's.
  const host = telemetryContext.bind(telemetryContext.active(), answer);
  const script = tool.bundled ? durableScriptOf(context.tool, input) : null;
  const options: RunOptions = { tenant: context.tenant, host, signal, depth: context.depth, callId: context.callId, nowMs: script?.startedAtMs ?? Date.now(), ...(shortest === undefined ? {} : { timeoutMs: shortest }) };
  // A tool that calls an interpreter has no step to go on in.
  if (!script || context.depth > 0) return callTool(parts.pool, tool, input, options);
  return runFromSnapshot({
    snapshots: parts.snapshots,
    ref: { tenant: context.tenant, workflowId: context.workflowId },
    script,
    interpreter: tool.sandbox.digest,
    run: (snapshot) => callTool(parts.pool, tool, input, { ...options, resumable: { snapshot } }),
    onError: parts.onError,
  });
}

async function findTool(tools: RunParts['tools'], wanted: WantedTool, digest: string | undefined): Promise<AnyTool | SandboxResult> {
  try {
    const tool = await tools.find(wanted);
    if (!tool) return failed('tool_unknown', `There is no tool ${wanted.name}${wanted.version === undefined ? '' : ` ${wanted.version}`} for this tenant.`, undefined, EMPTY_FIGURES);
    if (digest !== undefined && tool.digest !== digest) return failed('tool_unknown', `This executor has ${wanted.name} as ${tool.digest.slice(0, 12)}…, not as ${digest.slice(0, 12)}….`, undefined, EMPTY_FIGURES);
    return tool;
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code === 'unavailable') throw error;
    return failed(error.failure.code, error.failure.message, error.failure.detail, EMPTY_FIGURES);
  }
}

function deniedByPolicy({ tool, tenant, policy }: HostCallContext): SandboxResult {
  const field = policy?.deny?.includes(tool) ? 'deny' : 'allow';
  const message = `The policy of tenant ${tenant} denies tool ${tool}; the operator can change it (/api/v1/policies/${tenant}, tools.${field}).`;
  return failed('tool_host_denied', message, { policy: tenant, tool }, EMPTY_FIGURES);
}

function remoteDenied({ tool, tenant }: HostCallContext, remote: string): SandboxResult {
  const message = `The policy of tenant ${tenant} does not let ${remote} answer tool ${tool}; the operator can change it (/api/v1/policies/${tenant}, tools.remote).`;
  return failed('tool_host_denied', message, { policy: tenant, tool, remote }, EMPTY_FIGURES);
}

/** A tool called by a tool: in this very process, under the same call, one level deeper. */
function nestedCalls(parts: RunParts): InjectedFunction {
  return async (context, request, occurrence, signal) => {
    const { name, input } = nestedRequest(request);
    const nested = { ...context, tool: name, depth: context.depth + 1, within: [...(context.within ?? []), occurrence] };
    const result = await runNamed(parts, nested, { input, signal }).catch(failedOutside);
    parts.watchTool(name, result);
    return result.outcome === 'completed' ? { value: result.output } : { error: { code: result.failure.code, message: result.failure.message } };
  };
}

/** What this process could not do is for a tool a failure like any other. */
function failedOutside(error: unknown): SandboxResult {
  if (!(error instanceof FailureError)) throw error;
  return failed(error.failure.code, error.failure.message, undefined, EMPTY_FIGURES);
}

function nestedRequest(request: JsonValue): { name: string; input: JsonValue } {
  const { name, input } = request !== null && typeof request === 'object' && !Array.isArray(request) ? request : {};
  return { name: typeof name === 'string' ? name : '', input: input ?? {} };
}

/** Code interpreters take their time limit in the input; it can only shorten the tool's own. */
function ownTimeoutMs(tool: string, input: JsonValue): number | undefined {
  if (!tool.startsWith('code_') || input === null || typeof input !== 'object' || Array.isArray(input)) return undefined;
  const { timeoutMs } = input;
  return typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs : undefined;
}
