import type { Worker } from '@trivet/contracts';
import { PRESENCE_TTL_MS, type Presence } from '@trivet/state';
import type { Process, Scheduler } from '../scheduler.js';

/** Who said so lately; shared by all. */
export type Announced = Map<string, { worker: Worker; until: number }>;

export function createMemoryPresence(scheduler: Scheduler, announced: Announced, process: Process): Presence {
  return {
    announce: (worker) => scheduler.call(process, 'announce', () => void announced.set(worker.id, { worker, until: scheduler.nowMs() + PRESENCE_TTL_MS })),
    leave: ({ id }) => scheduler.call(process, 'leave', () => void announced.delete(id)),
    announceTools: () => Promise.resolve(),
    toolsOf: () => Promise.resolve([]),
    announceQueue: () => Promise.resolve(),
    queueOf: () => Promise.resolve([]),
    // Asked five times a second by everyone: it costs no step.
    list: () =>
      Promise.resolve(
        [...announced.values()].map(({ worker, until }) => {
          const present = until > scheduler.nowMs();
          return { service: worker.service, id: worker.id, present, worker: present ? worker : null };
        }),
      ),
  };
}
