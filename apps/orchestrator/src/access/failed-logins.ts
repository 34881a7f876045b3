import { FailureError } from '@trivet/contracts';

const WINDOW_MS = 60_000;
const MOST_IN_WINDOW = 20;
/** Addresses that are remembered; past that the oldest are forgotten. */
const MOST_ADDRESSES = 10_000;

/**
 * Counts wrong keys by address, in this process. A secret has 256 bits, so nobody guesses one; this keeps whoever tries from
 * filling the log, and says so early to a client that goes on with a key that was revoked.
 */
export interface FailedLogins {
  /** @throws FailureError rate_limited, when there were too many from this address within a minute */
  check: (address: string, nowMs: number) => void;
  /** @returns whether this was the one that filled the window */
  note: (address: string, nowMs: number) => boolean;
}

export function createFailedLogins(): FailedLogins {
  const failures = new Map<string, { sinceMs: number; count: number }>();
  const current = (address: string, nowMs: number): { sinceMs: number; count: number } | undefined => {
    const found = failures.get(address);
    return found && nowMs - found.sinceMs < WINDOW_MS ? found : undefined;
  };
  return {
    check: (address, nowMs) => {
      const found = current(address, nowMs);
      if (!found || found.count < MOST_IN_WINDOW) return;
      const retryAfterS = Math.ceil((found.sinceMs + WINDOW_MS - nowMs) / 1_000);
      throw new FailureError('rate_limited', `${found.count} wrong keys came from ${address} within a minute; ${MOST_IN_WINDOW} is the limit.`, { hint: `Wait ${retryAfterS} s, then send a valid key.`, detail: { retryAfterS } });
    },
    note: (address, nowMs) => {
      const found = current(address, nowMs) ?? { sinceMs: nowMs, count: 0 };
      failures.delete(address);
      failures.set(address, { ...found, count: found.count + 1 });
      if (failures.size > MOST_ADDRESSES) for (const oldest of failures.keys()) { failures.delete(oldest); break; }
      return found.count + 1 === MOST_IN_WINDOW;
    },
  };
}
