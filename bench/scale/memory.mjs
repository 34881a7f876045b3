import { readFileSync } from 'node:fs';
import { connectRedis } from '@trivet/state';
import { round } from '../measure.mjs';

/** Resident memory of a process, in MiB. */
export const residentMib = (pid) => round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024);

/** What the data in Redis takes, in MiB. */
export const redisMib = (url) => asking(url, async (redis) => round(Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]) / 1_048_576));

/** The names of all keys. */
export const redisKeys = (url) => asking(url, async (redis) => {
  const names = new Set();
  for await (const some of redis.scanStream({ count: 1_000 })) for (const name of some) names.add(name);
  return [...names];
});

async function asking(url, task) {
  const redis = connectRedis({ url, name: 'bench' });
  try {
    return await task(redis);
  } finally {
    redis.disconnect();
  }
}
