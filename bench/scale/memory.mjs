import { readFileSync } from 'node:fs';
import { connectRedis, scanKeys } from '@trivet/state';
import { round } from '../measure.mjs';

/** Resident memory of a process, in MiB. */
export const residentMib = (pid) => round(Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1_024);

/** What the data in Redis takes, in MiB, and the names of its keys. */
export async function redisUse(url) {
  const redis = connectRedis({ url, name: 'bench' });
  try {
    const bytes = Number(/^used_memory:(\d+)/m.exec(await redis.info('memory'))?.[1]);
    const names = [];
    for await (const name of scanKeys(redis, '*')) names.push(name);
    return { mib: round(bytes / 1_048_576), names };
  } finally {
    redis.disconnect();
  }
}
