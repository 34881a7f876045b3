import { context as telemetryContext } from '@opentelemetry/api';
import { RedeliverError, subjects, type Bus } from '@trivet/bus';
import { FailureError, type Failure, type JsonValue, type ToolCall, type ToolResult } from '@trivet/contracts';
import type { Blobs, Claims } from '@trivet/state';
import { recordFailure, withSpan, withWorkflow } from '@trivet/telemetry';
import { callTool } from '../call-tool.js';
import type { CatalogTool } from '../catalog/tool-catalog.js';
import { createHostHandler, type HostCallContext, type HostServices, type InjectedFunction } from '../host/host-functions.js';
import type { SandboxPool } from '../sandbox/pool.js';
import { EMPTY_FIGURES, failed, type SandboxResult } from '../sandbox/result.js';

const BUSY_MS = 1_000;

export interface ToolRunnerParts {
  bus: Bus;
  claims: Claims;
  blobs: Blobs;
  pool: SandboxPool;
  tools: ReadonlyMap<string, CatalogTool>;
  services: Omit<HostServices, 'tool'>;
  workerId: string;
  reach: (label: string) => void;
}

export interface ToolRunner {
  /** Runs a call under its claim and publishes what it came to. Rejects only when this process could not do its job. */
  run: (call: ToolCall) => Promise<void>;
  /** Stops calls of a workflow at once. */
  cancel: (tenant: string, workflowId: string, callIds: readonly string[] | undefined) => void;
  inFlight: () => number;
}

interface Running {
  call: ToolCall;
  controller: AbortController;
}

export function createToolRunner(parts: ToolRunnerParts): ToolRunner {
  const running = new Map<string, Running>();

  /** A tool called by a tool: in this very process, under the same call, one level deeper. */
  const callNested: InjectedFunction = async (context, request, _occurrence, signal) => {
    const { name, input } = nestedRequest(request);
    const result = await runInSandbox({ ...context, tool: name, depth: context.depth + 1 }, input, signal, undefined);
    return result.outcome === 'completed' ? { value: result.output } : { error: { code: result.failure.code, message: result.failure.message } };
  };

  async function runInSandbox(context: HostCallContext, input: JsonValue, signal: AbortSignal, timeoutMs: number | undefined): Promise<SandboxResult> {
    const tool = parts.tools.get(context.tool);
    if (!tool) return failed('tool_unknown', `This executor has no tool ${context.tool}.`, undefined, EMPTY_FIGURES);
    const answer = createHostHandler(context, tool.manifest.grants ?? {}, { ...parts.services, tool: callNested });
    // Host calls arrive on the pipe of a slot, outside of any trace; they belong to the call's.
    const host = telemetryContext.bind(telemetryContext.active(), answer);
    const limits = [timeoutMs, ownTimeoutMs(context.tool, input)].filter((limit) => limit !== undefined);
    return callTool(parts.pool, tool, input, { tenant: context.tenant, host, signal, depth: context.depth, nowMs: Date.now(), ...(limits.length > 0 ? { timeoutMs: Math.min(...limits) } : {}) });
  }

  async function execute(call: ToolCall, signal: AbortSignal): Promise<SandboxResult> {
    const input = call.inputRef ? await parts.blobs.load(call.inputRef) : (call.input ?? {});
    const tool = parts.tools.get(call.tool);
    if (call.digest && tool && tool.digest !== call.digest) return failed('tool_unknown', `This executor has ${call.tool} as ${tool.digest.slice(0, 12)}…, not as ${call.digest.slice(0, 12)}….`, undefined, EMPTY_FIGURES);
    const { tenant, workflowId, stepId, callId, attempt, user, session, deadlineAt } = call;
    const context: HostCallContext = { tenant, workflowId, stepId, callId, attempt, tool: call.tool, depth: 0, deadlineAt, ...(user ? { user } : {}), ...(session ? { session } : {}) };
    return runInSandbox(context, input, signal, call.timeoutMs);
  }

  async function claimAndRun(call: ToolCall): Promise<void> {
    const ref = { tenant: call.tenant, workflowId: call.workflowId };
    if (running.has(call.callId)) throw new RedeliverError(`call ${call.callId} runs here already`, BUSY_MS);
    const controller = new AbortController();
    running.set(call.callId, { call, controller });
    try {
      const claim = await parts.claims.claim(ref, call.callId, parts.workerId);
      if (claim.status === 'busy') throw new RedeliverError(`call ${call.callId} is held by ${claim.worker}`, BUSY_MS);
      if (claim.status !== 'claimed') return;
      parts.reach('executor.after-claim');
      try {
        await runClaimed(call, claim.epoch, controller);
      } finally {
        await parts.claims.release(ref, call.callId, parts.workerId, claim.epoch, 'keep');
      }
    } finally {
      running.delete(call.callId);
    }
  }

  async function runClaimed(call: ToolCall, epoch: number, controller: AbortController): Promise<void> {
    const startedAt = new Date().toISOString();
    const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': call.tool, 'gen_ai.tool.call.id': call.callId, 'trivet.step.id': call.stepId, 'trivet.attempt': call.attempt, 'trivet.epoch': epoch };
    await withSpan('tool.call', { kind: 'consumer', attributes }, async (span) => {
      const result = await withSpan('sandbox.run', { attributes: { 'gen_ai.tool.name': call.tool } }, async (inner) => {
        const outcome = await execute(call, controller.signal);
        inner.setAttributes({ 'trivet.sandbox.wall_ms': outcome.sandbox.wallMs, 'trivet.sandbox.cpu_ms': outcome.sandbox.cpuMs, 'trivet.sandbox.peak_memory_mib': outcome.sandbox.peakMemoryMib });
        return outcome;
      });
      if (result.outcome === 'failed') recordFailure(span, new FailureError(result.failure.code, result.failure.message));
      if (controller.signal.aborted) return;
      parts.reach('executor.before-result');
      await publish(call, epoch, startedAt, result);
      parts.reach('executor.result-before-ack');
    });
  }

  async function publish(call: ToolCall, epoch: number, startedAt: string, result: SandboxResult): Promise<void> {
    const { callId, tenant, workflowId, stepId, attempt } = call;
    const value = result.outcome === 'completed' ? await parts.blobs.store(result.output) : { inline: undefined };
    const message: ToolResult = {
      callId, tenant, workflowId, stepId, attempt, epoch,
      worker: parts.workerId,
      startedAt,
      finishedAt: new Date().toISOString(),
      sandbox: result.sandbox,
      ...(result.outcome === 'failed' ? { failure: completeFailure(result.failure) } : {}),
      ...('reference' in value ? { outputRef: value.reference } : value.inline === undefined ? {} : { output: value.inline }),
    };
    await parts.bus.publish(subjects.toolResult(tenant, workflowId), message, { workflowId, messageId: `${callId}:${epoch}:r` });
  }

  return {
    run: (call) => withWorkflow({ tenant: call.tenant, workflowId: call.workflowId }, () => claimAndRun(call)),
    cancel: (tenant, workflowId, callIds) => {
      for (const { call, controller } of running.values()) {
        if (call.tenant === tenant && call.workflowId === workflowId && (!callIds || callIds.includes(call.callId))) controller.abort();
      }
    },
    inFlight: () => running.size,
  };
}

/** Code interpreters take their time limit in the input; it can only shorten the tool's own. */
function ownTimeoutMs(tool: string, input: JsonValue): number | undefined {
  if (!tool.startsWith('code_') || input === null || typeof input !== 'object' || Array.isArray(input)) return undefined;
  const { timeoutMs } = input;
  return typeof timeoutMs === 'number' && timeoutMs > 0 ? timeoutMs : undefined;
}

/** A failure always says how to mend it. */
const completeFailure = (failure: Failure): Failure => ({ ...new FailureError(failure.code, failure.message).failure, ...failure });

function nestedRequest(request: JsonValue): { name: string; input: JsonValue } {
  const { name, input } = request !== null && typeof request === 'object' && !Array.isArray(request) ? request : {};
  return { name: typeof name === 'string' ? name : '', input: input ?? {} };
}
