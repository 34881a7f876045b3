import { FAILURES, type Failure, type RetryPolicy } from '@trivet/contracts';

const DEFAULTS = { initialMs: 1_000, factor: 2, maxMs: 60_000 } as const;

/**
 * When a failed call is tried again: the delay in ms before the next attempt, or null when it is not. Decided here and
 * nowhere else, from the plan's policy and the failure table. The delay is drawn evenly from its upper half, so that
 * many failures at once do not come back at once.
 * @param attempt the attempt that failed, from 1
 * @param jitter a draw in [0, 1)
 */
export function retryDelayMs(policy: RetryPolicy | undefined, failure: Failure, attempt: number, jitter: number): number | null {
  if (!policy || attempt > policy.max) return null;
  const wanted = policy.codes ? policy.codes.includes(failure.code) : FAILURES[failure.code].retryable;
  if (!wanted) return null;
  const grown = (policy.initialMs ?? DEFAULTS.initialMs) * (policy.factor ?? DEFAULTS.factor) ** (attempt - 1);
  const delayMs = Math.min(grown, policy.maxMs ?? DEFAULTS.maxMs);
  return Math.round(delayMs * (0.5 + jitter / 2));
}
