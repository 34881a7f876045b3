import type { Presence } from '@trivet/state';
import type { SandboxPool } from '../sandbox/pool.js';

const EVERY_MS = 1_000;

export interface TellQueueParts {
  presence: Pick<Presence, 'announceQueue'>;
  workerId: string;
  pool: Pick<SandboxPool, 'queuedCalls'>;
  onError: (error: unknown) => void;
}

/** Tells every second which calls wait here for a slot, while there are any, and once that there are none any more. */
export function tellQueue({ presence, workerId, pool, onError }: TellQueueParts): { stop: () => void } {
  let told = 0;
  const timer = setInterval(() => {
    const queued = pool.queuedCalls();
    if (queued.length === 0 && told === 0) return;
    told = queued.length;
    void presence.announceQueue(workerId, queued).catch(onError);
  }, EVERY_MS);
  return { stop: () => clearInterval(timer) };
}
