import { FAILURES, type FailureCode } from '@trivet/contracts';

/** When a vendor attempt is made again at the same endpoint. */
export interface RetryOptions {
  /** Attempts at one endpoint, the first included. */
  attempts: number;
  initialMs: number;
  /** No wait is longer; a vendor that asks for more is left for the next in the chain. */
  maxMs: number;
}

/**
 * What follows a failed attempt: again at the same endpoint after a wait, the next endpoint, or the end.
 * @param random from 0 to 1: full jitter, so that many callers do not come back at once
 */
export function afterFailure(
  failure: { code: FailureCode; retryAfterMs?: number; /** It broke off in the middle of an answer, and there is another endpoint. */ brokeOff?: boolean },
  attempt: number,
  options: RetryOptions,
  random: number,
): { next: 'again'; waitMs: number } | { next: 'endpoint' } | { next: 'end' } {
  if (ENDS_THE_CALL.has(failure.code)) return { next: 'end' };
  if (!FAILURES[failure.code].retryable || attempt >= options.attempts || failure.brokeOff) return { next: 'endpoint' };
  const ceilingMs = Math.min(options.maxMs, options.initialMs * 2 ** (attempt - 1));
  const jitterMs = Math.ceil(ceilingMs * (0.5 + random / 2));
  if (failure.retryAfterMs === undefined) return { next: 'again', waitMs: jitterMs };
  return failure.retryAfterMs > options.maxMs ? { next: 'endpoint' } : { next: 'again', waitMs: failure.retryAfterMs + Math.ceil(options.initialMs * random * 0.1) };
}

/** What no other endpoint would do better. A request that one vendor refuses another may take: limits and fields differ. */
const ENDS_THE_CALL = new Set<FailureCode>(['cancelled', 'deadline_exceeded', 'budget_exceeded']);
