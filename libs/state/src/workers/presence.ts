import { Tool, Worker } from '@trivet/contracts';
import { z } from 'zod';
import { keys } from '../keys.js';
import { withRedis, type Redis } from '../redis.js';

/** A worker that has not said so for this long is taken for dead, however busy it may be. */
export const PRESENCE_TTL_MS = 3_500;
const ANNOUNCE_EVERY_MS = 1_000;
const TOOLS_TTL_SECONDS = 86_400;

const CallIds = z.array(z.string());

/** Who is there: each process says so every second. */
export interface Presence {
  announce: (worker: Worker) => Promise<void>;
  leave: (worker: Pick<Worker, 'service' | 'id'>) => Promise<void>;
  /** The tools an executor brings along; the orchestrator takes them into the catalog. */
  announceTools: (workerId: string, tools: readonly Tool[]) => Promise<void>;
  toolsOf: (workerId: string) => Promise<Tool[]>;
  /** Calls that an executor has taken and that wait there for one of its slots; told every second while there are any. */
  announceQueue: (workerId: string, callIds: readonly string[]) => Promise<void>;
  queueOf: (workerId: string) => Promise<string[]>;
  /** Everyone who ever announced and has not left; `present` is false once the time is over. */
  list: () => Promise<{ service: string; id: string; present: boolean; worker: Worker | null }[]>;
}

export function createPresence(redis: Redis): Presence {
  return {
    announce: async (worker) => {
      await withRedis(() => Promise.all([redis.set(keys.worker(worker.service, worker.id), JSON.stringify(worker), 'PX', PRESENCE_TTL_MS), redis.sadd(keys.workerIndex(), `${worker.service}|${worker.id}`)]));
    },
    leave: async (worker) => {
      await withRedis(() => Promise.all([redis.del(keys.worker(worker.service, worker.id)), redis.srem(keys.workerIndex(), `${worker.service}|${worker.id}`)]));
    },
    announceTools: async (workerId, tools) => {
      await withRedis(() => redis.set(keys.workerTools(workerId), JSON.stringify(tools), 'EX', TOOLS_TTL_SECONDS));
    },
    toolsOf: async (workerId) => {
      const text = await withRedis(() => redis.get(keys.workerTools(workerId)));
      return text === null ? [] : Tool.array().parse(JSON.parse(text));
    },
    announceQueue: async (workerId, callIds) => {
      await withRedis(() => redis.set(keys.workerQueue(workerId), JSON.stringify(callIds), 'PX', PRESENCE_TTL_MS));
    },
    queueOf: async (workerId) => {
      const text = await withRedis(() => redis.get(keys.workerQueue(workerId)));
      return text === null ? [] : CallIds.parse(JSON.parse(text));
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

/** Announces a worker now and every second, until it leaves. A missed beat is only reported: the next one may do. */
export async function keepPresence(presence: Presence, describe: () => Worker, onError: (error: unknown) => void): Promise<{ update: () => void; leave: () => Promise<void> }> {
  await presence.announce(describe());
  const announce = (): void => void presence.announce(describe()).catch(onError);
  const timer = setInterval(announce, ANNOUNCE_EVERY_MS);
  return {
    update: announce,
    leave: async () => {
      clearInterval(timer);
      const { service, id } = describe();
      await presence.leave({ service, id });
    },
  };
}
