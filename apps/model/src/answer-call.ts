import { FailureError, asFailureError, type ModelCall, type ModelResult } from '@trivet/contracts';
import { answerFromCache, cacheDigest } from './answering/cached-answer.js';
import { noCharges } from './answering/charges.js';
import { resultOf, type CallRun } from './answering/call-run.js';
import type { ModelContext } from './answering/context.js';
import { replay } from './answering/finish-attempt.js';
import { checkSchema } from './answering/output.js';
import { prepareRequest } from './answering/prepare-request.js';
import { recordedResultOf } from './answering/recorded-result.js';
import { runChain } from './answering/run-chain.js';
import { linkAbort } from './linked-abort.js';

export interface AnswerOptions {
  /** The claim under which the call is answered. */
  epoch: number;
  /** Aborted with a FailureError: the call ends with that failure. With anything else: this process gives it back. */
  signal: AbortSignal;
}

/**
 * Answers a model call. A call whose result is recorded gets that again, and nothing is computed or charged.
 * Otherwise each vendor attempt is reserved before and settled after it on every account of the call. What goes wrong
 * with the call is in the result.
 * @throws when the work could not be done here (Redis does not answer, the process is to end): the message is to be
 * delivered again
 */
export async function answerCall(call: ModelCall, context: ModelContext, options: AnswerOptions): Promise<ModelResult> {
  const result = await computeAnswer(call, context, options);
  if (result.failure === undefined || result.replayed) return result;
  // The first reservation finds an earlier answer; what fails before there is one (a prompt is gone, no model is configured) must not hide it.
  const recorded = await recordedResultOf(call, context);
  return recorded && JSON.stringify(recorded) !== JSON.stringify(result) ? replay(recorded, { epoch: options.epoch, context }) : result;
}

async function computeAnswer(call: ModelCall, context: ModelContext, options: AnswerOptions): Promise<ModelResult> {
  const { epoch } = options;
  const startedAtMs = context.nowMs();
  const deadline = linkAbort([options.signal]);
  const timer = setTimeout(() => deadline.abort(tooLate(call)), Math.min(Math.max(0, call.deadlineAt - startedAtMs), LONGEST_TIMER_MS));
  timer.unref();
  try {
    if (call.deadlineAt <= startedAtMs) throw tooLate(call);
    options.signal.throwIfAborted();
    const prepared = await prepareRequest(call, context);
    checkSchema(prepared.content.schema);
    const { signal } = deadline;
    const targets = await context.router.resolve(prepared.wanted);
    const cache = prepared.cacheMs === undefined ? undefined : { digest: cacheDigest(prepared, targets), keepMs: prepared.cacheMs };
    const run: CallRun = { call, context, prepared, signal, epoch, startedAtMs, attempts: 0, charges: noCharges(), tried: [], crossed: [], deltas: 0, deltasOf: 0, ...(cache ? { cache } : {}) };
    return (await answerFromCache(run)) ?? (await runChain(run, targets));
  } catch (error) {
    if (!(error instanceof FailureError) || error.failure.code === 'unavailable') throw error;
    return resultOf({ call, context, epoch, startedAtMs, charges: noCharges(), tried: [], crossed: [] }, { failure: asFailureError(error).failure });
  } finally {
    clearTimeout(timer);
    deadline.unlink();
  }
}

/** Timers of Node end at 2^31 − 1 ms. */
const LONGEST_TIMER_MS = 2_147_483_647;

const tooLate = ({ callId, deadlineAt }: ModelCall): FailureError =>
  new FailureError('deadline_exceeded', `The deadline of call ${callId} was ${new Date(deadlineAt).toISOString()}.`);
