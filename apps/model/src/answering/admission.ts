import { FailureError, type Failure } from '@trivet/contracts';
import type { Target } from '../routing/router.js';
import type { CallRun } from './call-run.js';

/** Whether an endpoint may be asked now. */
export type Admission =
  | { status: 'admitted'; leave(): void }
  /** It rests, or has no place for who does not wait. */
  | { status: 'skipped'; failure: Failure }
  /** The answer is no longer wanted. */
  | { status: 'stopped' };

/**
 * Waits until an endpoint may be asked: its breaker, and one of its places. Whoever is admitted must `leave`, and tell the
 * breaker what came of it.
 * @param atOnce take a place only if there is one now
 */
export async function admit(run: CallRun, target: Target, { atOnce = false }: { atOnce?: boolean } = {}): Promise<Admission> {
  const admission = target.breaker.admit();
  if (!admission.admitted) return { status: 'skipped', failure: restingFailure(target, admission.retryInMs) };
  const turnedAway = (outcome: Exclude<Admission, { status: 'admitted' }>): Admission => {
    target.breaker.forget();
    return outcome;
  };
  if (atOnce && target.places && !target.places.tryEnter()) return turnedAway({ status: 'skipped', failure: busyFailure(target) });
  if (!atOnce && !(await entered(run, target))) return turnedAway({ status: 'stopped' });
  let isInside = true;
  return {
    status: 'admitted',
    leave: () => {
      if (isInside) target.places?.leave();
      isInside = false;
    },
  };
}

/** False: the call was stopped while it stood in line. */
async function entered({ signal }: CallRun, { places }: Target): Promise<boolean> {
  if (!places) return !signal.aborted;
  try {
    await places.enter(signal);
    return true;
  } catch (error) {
    if (signal.aborted) return false;
    throw error;
  }
}

/**
 * Takes a held attempt's part of its endpoint's rate, and waits for its turn. After the reservation, so that nobody uses up
 * for all what he could not pay.
 * @returns why it is not asked; undefined: it may be
 */
export async function takeRate(run: CallRun, target: Target, rateTokens: number, mostWaitMs = run.context.router.retry.maxMs): Promise<Failure | 'stopped' | undefined> {
  if (!target.rates) return undefined;
  const place = await run.context.rates.take(target.endpoint, target.rates, rateTokens, Math.min(mostWaitMs, run.call.deadlineAt - run.context.nowMs()));
  if (!place.taken) return rateFailure(target, place.waitMs);
  if (place.waitMs > 0) await run.context.sleep(place.waitMs, run.signal);
  return run.signal.aborted ? 'stopped' : undefined;
}

const busyFailure = (target: Target): Failure => new FailureError('model_unavailable', `Endpoint ${target.endpoint} has no place now.`).failure;

const restingFailure = (target: Target, retryInMs: number): Failure =>
  new FailureError('model_unavailable', `Endpoint ${target.endpoint} failed repeatedly and is left alone for another ${retryInMs} ms.`).failure;

function rateFailure({ endpoint, rates }: Target, waitMs: number): Failure {
  const detail = { ...(rates?.requestsPerMinute === undefined ? {} : { requestsPerMinute: rates.requestsPerMinute }), ...(rates?.tokensPerMinute === undefined ? {} : { tokensPerMinute: rates.tokensPerMinute }), waitMs };
  const limits = [rates?.requestsPerMinute === undefined ? [] : [`${rates.requestsPerMinute} requests`], rates?.tokensPerMinute === undefined ? [] : [`${rates.tokensPerMinute} tokens`]].flat().join(' and ');
  return new FailureError('model_rate_limited', `Endpoint ${endpoint} takes ${limits} a minute by its configuration, and there is room only in ${waitMs} ms.`, { detail }).failure;
}
