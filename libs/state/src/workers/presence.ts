import { Worker } from '@trivet/contracts';
import { keys } from '../keys.js';
import { withRedis, type Redis } from '../redis.js';

/** A worker that has not said so for this long is taken for dead, however busy it may be. */
export const PRESENCE_TTL_MS = 5_000;

/** Who is there: each process says so every second. */
export interface Presence {
  announce: (worker: Worker) => Promise<void>;
  leave: (worker: Pick<Worker, 'service' | 'id'>) => Promise<void>;
  /** Everyone who ever announced and has not left; `present` is false once the time is over. */
  list: () => Promise<{ service: string; id: string; present: boolean; worker: Worker | null }[]>;
}

export function createPresence(redis: Redis): Presence {
  return {
    announce: async (worker) => {
      await withRedis(() =>
        redis.pipeline().set(keys.worker(worker.service, worker.id), JSON.stringify(worker), 'PX', PRESENCE_TTL_MS).sadd(keys.workerIndex(), `${worker.service}|${worker.id}`).exec(),
      );
    },
    leave: async (worker) => {
      await withRedis(() => redis.pipeline().del(keys.worker(worker.service, worker.id)).srem(keys.workerIndex(), `${worker.service}|${worker.id}`).exec());
    },
    list: async () => {
      const members = await withRedis(() => redis.smembers(keys.workerIndex()));
      if (members.length === 0) return [];
      const entries = members.map((member) => ({ service: member.split('|')[0] ?? '', id: member.split('|')[1] ?? '' }));
      const texts = await withRedis(() => redis.mget(entries.map((entry) => keys.worker(entry.service, entry.id))));
      return entries.map((entry, index) => {
        const text = texts[index];
        return { ...entry, present: text !== null && text !== undefined, worker: text ? Worker.parse(JSON.parse(text)) : null };
      });
    },
  };
}
