import { RedeliverError, publishPatiently, subjects, type Bus } from '@trivet/bus';
import { FailureError, type Artefact, type Failure, type ToolCall, type ToolResult } from '@trivet/contracts';
import type { Pace } from '@trivet/service';
import type { Claims } from '@trivet/state';
import { recordFailure, withSpan, withWorkflow } from '@trivet/telemetry';
import type { ToolSource } from '../catalog/tool-source.js';
import type { SandboxResult } from '../sandbox/result.js';
import { runTool, type RunParts } from './run-tool.js';

const BUSY_MS = 1_000;
/** How soon a call is brought again that this executor has no tool for, by how often it was: soon at first, since another one may have it. */
const ELSEWHERE_MS = [50, 100, 200, 500] as const;
const LONGEST_ELSEWHERE_MS = 1_000;
/** A call that was brought so often is left to the watchdog of the orchestrators, which deals it again once an executor has its tool. */
const MOST_BROUGHT = 8;

export interface ToolRunnerParts extends RunParts {
  bus: Bus;
  tools: ToolSource;
  claims: Claims;
  /** How long calls take, for how many are taken at once. */
  pace: Pick<Pace, 'took'>;
  workerId: string;
  reach: (label: string) => void;
}

export interface ToolRunner {
  /**
   * Runs a call under its claim and publishes what it came to. Rejects only when this process could not do its job.
   * @param deliveries how often the call was brought, to whatever executor
   */
  run: (call: ToolCall, deliveries: number) => Promise<void>;
  /** Stops calls of a workflow at once. */
  cancel: (tenant: string, workflowId: string, callIds: readonly string[] | undefined) => void;
  isRunning: (callId: string) => boolean;
  inFlight: () => number;
}

interface Running {
  call: ToolCall;
  controller: AbortController;
}

export function createToolRunner(parts: ToolRunnerParts): ToolRunner {
  const running = new Map<string, Running>();

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
      let resultSeq: number | null = null;
      try {
        resultSeq = await runClaimed(parts, call, claim.epoch, controller.signal);
      } finally {
        // Without a published result another worker may take it at once.
        if (resultSeq === null) await parts.claims.release(ref, call.callId, parts.workerId, claim.epoch, 'open');
        else parts.claims.releaseSoon(ref, call.callId, parts.workerId, claim.epoch, { reported: resultSeq });
      }
    } finally {
      running.delete(call.callId);
    }
  }

  return {
    run: (call, deliveries) =>
      withWorkflow({ tenant: call.tenant, workflowId: call.workflowId }, async () => {
        if (!(await parts.tools.isElsewhere({ tenant: call.tenant, name: call.tool, version: call.version }))) return claimAndRun(call);
        if (deliveries < MOST_BROUGHT) throw new RedeliverError(`the tool ${call.tool} does not come with this executor`, ELSEWHERE_MS[deliveries - 1] ?? LONGEST_ELSEWHERE_MS);
      }),
    cancel: (tenant, workflowId, callIds) => {
      for (const { call, controller } of running.values()) {
        if (call.tenant === tenant && call.workflowId === workflowId && (!callIds || callIds.includes(call.callId))) controller.abort();
      }
    },
    isRunning: (callId) => running.has(callId),
    inFlight: () => running.size,
  };
}

/** @returns the sequence of the result in its stream; null when the call was stopped and has none */
async function runClaimed(parts: ToolRunnerParts, call: ToolCall, epoch: number, signal: AbortSignal): Promise<number | null> {
  const startedAt = new Date().toISOString();
  const attributes = { 'gen_ai.operation.name': 'execute_tool', 'gen_ai.tool.name': call.tool, 'gen_ai.tool.call.id': call.callId, 'trivet.step.id': call.stepId, 'trivet.attempt': call.attempt, 'trivet.epoch': epoch };
  return withSpan('tool.call', { kind: 'consumer', attributes, delivery: { id: call.callId, count: epoch } }, async (span) => {
    const result = await withSpan('sandbox.run', { attributes: { 'gen_ai.tool.name': call.tool } }, async (inner) => {
      const outcome = await runTool(parts, call, signal);
      parts.pace.took(outcome.sandbox.wallMs);
      inner.setAttributes({ 'trivet.sandbox.wall_ms': outcome.sandbox.wallMs, 'trivet.sandbox.cpu_ms': outcome.sandbox.cpuMs, 'trivet.sandbox.peak_memory_mib': outcome.sandbox.peakMemoryMib });
      return outcome;
    });
    if (result.outcome === 'failed') recordFailure(span, new FailureError(result.failure.code, result.failure.message));
    if (signal.aborted) return null;
    parts.reach('executor.before-result');
    const resultSeq = await publish(parts, call, epoch, startedAt, result);
    parts.reach('executor.result-before-ack');
    return resultSeq;
  });
}

async function publish({ bus, blobs, workerId }: ToolRunnerParts, call: ToolCall, epoch: number, startedAt: string, result: SandboxResult & { artefacts: Artefact[] }): Promise<number> {
  const { callId, tenant, workflowId, stepId, attempt } = call;
  const value = result.outcome === 'completed' ? await blobs.store(result.output) : { inline: undefined };
  const message: ToolResult = {
    callId, tenant, workflowId, stepId, attempt, epoch,
    worker: workerId,
    startedAt,
    finishedAt: new Date().toISOString(),
    sandbox: result.sandbox,
    ...(result.artefacts.length > 0 ? { artefacts: result.artefacts } : {}),
    ...(result.outcome === 'failed' ? { failure: completeFailure(result.failure) } : {}),
    ...('reference' in value ? { outputRef: value.reference } : value.inline === undefined ? {} : { output: value.inline }),
  };
  const { seq } = await publishPatiently(bus, subjects.toolResult(tenant, workflowId), message, { workflowId, messageId: `${callId}:${epoch}:r` });
  return seq;
}

/** A failure always says how to mend it. */
const completeFailure = (failure: Failure): Failure => ({ ...new FailureError(failure.code, failure.message).failure, ...failure });
