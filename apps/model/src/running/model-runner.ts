import { type Bus, publishPatiently, RedeliverError, subjects } from '@trivet/bus';
import { FailureError, type ModelCall, type ModelResult } from '@trivet/contracts';
import type { Claims } from '@trivet/state';
import { ATTRIBUTES, recordFailure, withSpan, withWorkflow } from '@trivet/telemetry';
import { answerCall } from '../answer-call.js';
import type { ModelContext } from '../answering/context.js';
import { replay } from '../answering/finish-attempt.js';
import { recordedResultOf } from '../answering/recorded-result.js';

/** How long a call that another worker holds stays away. */
const BUSY_MS = 1_000;

export interface ModelRunnerParts {
  bus: Pick<Bus, 'publish' | 'notify'>;
  claims: Claims;
  context: ModelContext;
}

export interface ModelRunner {
  /** Answers a call under its claim and publishes what it came to. Rejects only when this process could not do its job. */
  run(call: ModelCall): Promise<void>;
  /** Stops calls of a workflow at once; what they used is charged. */
  cancel(tenant: string, workflowId: string, callIds: readonly string[] | undefined): void;
  /** Gives back what is in flight: what it used is charged, and another worker takes it up. */
  handBack(): Promise<void>;
  isRunning(callId: string): boolean;
  inFlight(): number;
}

interface Running {
  call: ModelCall;
  controller: AbortController;
  done: Promise<void>;
}

export function createModelRunner(parts: ModelRunnerParts): ModelRunner {
  const running = new Map<string, Running>();
  return {
    async run(call) {
      if (running.has(call.callId)) throw new RedeliverError(`call ${call.callId} is being answered here already`, BUSY_MS);
      const controller = new AbortController();
      const done = withWorkflow({ tenant: call.tenant, workflowId: call.workflowId }, () => claimAndAnswer(parts, call, controller.signal));
      running.set(call.callId, { call, controller, done });
      try {
        await done;
      } finally {
        running.delete(call.callId);
      }
    },
    cancel(tenant, workflowId, callIds) {
      for (const { call, controller } of running.values()) {
        if (call.tenant !== tenant || call.workflowId !== workflowId || (callIds && !callIds.includes(call.callId))) continue;
        controller.abort(new FailureError('cancelled', `Call ${call.callId} was cancelled with its workflow.`));
      }
    },
    async handBack() {
      for (const { call, controller } of running.values()) controller.abort(new RedeliverError(`the worker of call ${call.callId} is ending`, 0));
      await Promise.allSettled([...running.values()].map(({ done }) => done));
    },
    isRunning: (callId) => running.has(callId),
    inFlight: () => running.size,
  };
}

async function claimAndAnswer(parts: ModelRunnerParts, call: ModelCall, signal: AbortSignal): Promise<void> {
  const { claims, context } = parts;
  const ref = { tenant: call.tenant, workflowId: call.workflowId };
  // A call made inside a tool has no record of its own before somebody claims it.
  const child = call.parentCallId !== undefined;
  const claim = await claims.claim(ref, call.callId, context.worker, { child });
  if (claim.status === 'busy') throw new RedeliverError(`call ${call.callId} is held by ${claim.worker}`, BUSY_MS);
  if (claim.status === 'done') return answerAgain(parts, call);
  if (claim.status === 'unknown') return;
  context.reach('model.after-claim');
  let resultSeq: number;
  let result: ModelResult;
  try {
    result = await tracedAnswer(context, call, claim.epoch, signal);
    context.reach('model.after-settle-before-result');
    resultSeq = await publish(parts, call, result);
    context.reach('model.after-result-before-ack');
  } catch (error) {
    // Another worker may take it at once; when Redis does not answer either, the claim is freed once we are gone.
    await claims.release(ref, call.callId, context.worker, claim.epoch, 'open').catch(() => undefined);
    throw error;
  }
  await claims.release(ref, call.callId, context.worker, claim.epoch, child ? await endOf(result, call, context) : { reported: resultSeq });
}

/**
 * The answer to a tool may be lost with this process, and then it asks again. What is recorded is sent again; a refusal that
 * cost nothing is not recorded, so its call may be made again and is answered anew.
 */
async function endOf(result: ModelResult, call: ModelCall, context: ModelContext): Promise<'done' | 'again'> {
  return result.failure === undefined || (await recordedResultOf(call, context)) ? 'done' : 'again';
}

/** A tool that runs again asks what was answered before: it gets that, and nothing is computed. */
async function answerAgain({ bus, context }: ModelRunnerParts, call: ModelCall): Promise<void> {
  if (call.answerTo === undefined) return;
  const recorded = await recordedResultOf(call, context);
  if (recorded) bus.notify(call.answerTo, replay(recorded, { epoch: recorded.epoch, context }), { workflowId: call.workflowId });
}

function tracedAnswer(context: ModelContext, call: ModelCall, epoch: number, signal: AbortSignal): Promise<ModelResult> {
  const attributes = { [ATTRIBUTES.callId]: call.callId, [ATTRIBUTES.stepId]: call.stepId, [ATTRIBUTES.attempt]: call.attempt, [ATTRIBUTES.epoch]: epoch };
  return withSpan('model.call', { kind: 'consumer', attributes, delivery: { id: call.callId, count: epoch } }, async (span) => {
    const result = await answerCall(call, context, { epoch, signal });
    if (result.usage) span.setAttributes({ [ATTRIBUTES.genAiInputTokens]: result.usage.inputTokens, [ATTRIBUTES.genAiOutputTokens]: result.usage.outputTokens, [ATTRIBUTES.costNanoUsd]: result.usage.costNanoUsd });
    if (result.failure) recordFailure(span, new FailureError(result.failure.code, result.failure.message));
    return result;
  });
}

/** @returns the sequence of the result in its stream */
async function publish({ bus }: ModelRunnerParts, call: ModelCall, result: ModelResult): Promise<number> {
  const { tenant, workflowId, callId } = call;
  const { seq } = await publishPatiently(bus, subjects.modelResult(tenant, workflowId), result, { workflowId, messageId: `${callId}:${result.epoch}:r` });
  if (call.answerTo !== undefined) bus.notify(call.answerTo, result, { workflowId });
  return seq;
}
