import { FailureError, type Failure } from '@trivet/contracts';
import type { Target } from '../routing/router.js';
import type { CallRun } from './call-run.js';
import { boundOf, type Bound } from './hold.js';

/** Whether an endpoint may be asked now. */
export type Admission =
  | { status: 'admitted'; bound: Bound; leave(): void }
  /** It rests, or its rate is used up for longer than a call waits. */
  | { status: 'skipped'; failure: Failure }
  /** The answer is no longer wanted. */
  | { status: 'stopped' };

/**
 * Waits until an endpoint may be asked: its breaker, one of its places, and its rate. Whoever is admitted must `leave`,
 * and tell the breaker what came of it.
 */
export async function admit(run: CallRun, target: Target, { mostWaitMs = run.context.router.retry.maxMs }: { mostWaitMs?: number } = {}): Promise<Admission> {
  const admission = target.breaker.admit();
  if (!admission.admitted) return { status: 'skipped', failure: restingFailure(target, admission.retryInMs) };
  let isInside = false;
  const leave = (): void => {
    if (isInside) target.places?.leave();
    isInside = false;
  };
  const turnedAway = (outcome: Exclude<Admission, { status: 'admitted' }>): Admission => {
    leave();
    target.breaker.forget();
    return outcome;
  };
  try {
    if (!(await entered(run, target))) return turnedAway({ status: 'stopped' });
    isInside = true;
    const bound = await boundOf(run, target);
    if (target.rates) {
      const place = await run.context.rates.take(target.endpoint, target.rates, bound.inputTokens + bound.maxTokens, Math.min(mostWaitMs, run.call.deadlineAt - run.context.nowMs()));
      if (!place.taken) return turnedAway({ status: 'skipped', failure: rateFailure(target, place.waitMs) });
      if (place.waitMs > 0) await run.context.sleep(place.waitMs, run.signal);
      if (run.signal.aborted) return turnedAway({ status: 'stopped' });
    }
    return { status: 'admitted', bound, leave };
  } catch (error) {
    turnedAway({ status: 'stopped' });
    throw error;
  }
}

/** False: the call was stopped while it stood in line. */
async function entered({ signal }: CallRun, { places }: Target): Promise<boolean> {
  try {
    await places?.enter(signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

const restingFailure = (target: Target, retryInMs: number): Failure =>
  new FailureError('model_unavailable', `Endpoint ${target.endpoint} failed repeatedly and is left alone for another ${retryInMs} ms.`).failure;

function rateFailure({ endpoint, rates }: Target, waitMs: number): Failure {
  const detail = { ...(rates?.requestsPerMinute === undefined ? {} : { requestsPerMinute: rates.requestsPerMinute }), ...(rates?.tokensPerMinute === undefined ? {} : { tokensPerMinute: rates.tokensPerMinute }), waitMs };
  const limits = [rates?.requestsPerMinute === undefined ? [] : [`${rates.requestsPerMinute} requests`], rates?.tokensPerMinute === undefined ? [] : [`${rates.tokensPerMinute} tokens`]].flat().join(' and ');
  return new FailureError('model_rate_limited', `Endpoint ${endpoint} takes ${limits} a minute by its configuration, and there is room only in ${waitMs} ms.`, { detail }).failure;
}
