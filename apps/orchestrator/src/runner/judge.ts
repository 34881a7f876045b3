import type { Bus } from '@trivet/bus';

const PING_TIMEOUT_MS = 1_000;

/** Decides whether a worker is gone. */
export interface Judge {
  isGone: (worker: { service: string; id: string; present: boolean }) => Promise<boolean>;
  forget: (workerId: string) => void;
  stop: () => void;
}

/**
 * A killed process is noticed at once, since the bus answers 'no responders' for it; that is believed only while our own
 * connection is stable and the worker has answered on it before, so that a restart of the broker does not look like
 * mass death. A hung or cut-off one is gone when its presence lapses; one that answers is not, since then it was Redis
 * that was away.
 */
export function createJudge(bus: Pick<Bus, 'isAlive' | 'onReconnect' | 'connectedForMs'>, stableMs: number): Judge {
  const answered = new Set<string>();
  const suspected = new Set<string>();
  const stop = bus.onReconnect(() => answered.clear());
  return {
    isGone: async ({ service, id, present }) => {
      const alive = await bus.isAlive(service, id, { timeoutMs: PING_TIMEOUT_MS, stableMs });
      if (alive === true) answered.add(id);
      if (!present) return alive !== true && bus.connectedForMs() >= stableMs;
      if (alive !== false || !answered.has(id)) {
        suspected.delete(id);
        return false;
      }
      // Twice in a row: a worker that is just reconnecting is back by the next look.
      if (suspected.delete(id)) return true;
      suspected.add(id);
      return false;
    },
    forget: (workerId) => {
      answered.delete(workerId);
      suspected.delete(workerId);
    },
    stop,
  };
}
