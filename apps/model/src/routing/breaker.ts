export interface BreakerOptions {
  /** Failures in a row that open it. */
  failures: number;
  /** How long it stays open before one probe is let through. */
  openMs: number;
}

export type Admission = { admitted: true } | { admitted: false; retryInMs: number };

/**
 * Keeps calls from an endpoint that is down. After so many failures in a row it opens; when its time is over it is
 * half open and admits one probe, whose outcome closes or opens it again.
 */
export interface Breaker {
  state(): 'closed' | 'open' | 'half_open';
  /** Every admitted attempt must end in `succeed`, `fail` or `forget`. */
  admit(): Admission;
  succeed(): void;
  fail(): void;
  /** The attempt says nothing about the endpoint (cancelled, or refused for its content). */
  forget(): void;
}

export function createBreaker(options: BreakerOptions, nowMs: () => number): Breaker {
  let failuresInARow = 0;
  let openUntilMs: number | null = null;
  let probing = false;
  const isOver = (): boolean => openUntilMs !== null && nowMs() >= openUntilMs;
  return {
    state: () => (openUntilMs === null ? 'closed' : isOver() || probing ? 'half_open' : 'open'),
    admit() {
      if (openUntilMs === null) return { admitted: true };
      if (!isOver()) return { admitted: false, retryInMs: openUntilMs - nowMs() };
      if (probing) return { admitted: false, retryInMs: options.openMs };
      probing = true;
      return { admitted: true };
    },
    succeed() {
      failuresInARow = 0;
      openUntilMs = null;
      probing = false;
    },
    fail() {
      failuresInARow += 1;
      if (probing || failuresInARow >= options.failures) openUntilMs = nowMs() + options.openMs;
      probing = false;
    },
    forget() {
      probing = false;
    },
  };
}
