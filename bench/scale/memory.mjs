import { readFileSync } from 'node:fs';
import { connectRedis } from '@trivet/state';
import { round } from '../measure.mjs';

/** Resident memory of a process, in MiB. */
export const residentMib = (pid) => round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024);

/** What the data in Redis takes, in MiB, and how many keys there are. */
export async function redisUse(url) {
  const redis = connectRedis({ url, name: 'bench' });
  try {
    const bytes = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
    return { mib: round(bytes / 1_048_576), keys: await redis.dbsize() };
  } finally {
    redis.disconnect();
  }
}
