import { Redis } from 'ioredis';
import { FailureError } from '@trivet/contracts';
import { connectRedis } from '../redis.js';

const LOOK_AGAIN_MS = 50;

/**
 * Makes an empty Redis of ours a copy of another one, as that was at one moment: it becomes its replica until it has all of it, and
 * then goes its own way. The other one works on meanwhile.
 * @param sourceUrl redis://[user:password@]host:port of a user who may replicate (`+psync +replconf +ping`)
 * @throws FailureError unavailable: the other one lets nobody replicate, or it takes longer than `withinMs`
 */
export async function copyAtOneMoment(copyUrl: string, sourceUrl: string, withinMs: number): Promise<void> {
  const source = new URL(sourceUrl);
  if (source.protocol !== 'redis:') throw new FailureError('invalid_request', `A Redis at ${source.protocol}// cannot be copied, only one at redis://.`, { hint: 'Name the primary, or a replica, by its own address in TRIVET_REDIS_URL; over TLS use the snapshots of whoever runs that Redis, and back up NATS with --nats-only.' });
  const copy = new Redis(copyUrl, { maxRetriesPerRequest: 3 });
  copy.on('error', () => undefined);
  try {
    if (source.password) await copy.config('SET', 'masterauth', decodeURIComponent(source.password));
    if (source.username) await copy.config('SET', 'masteruser', decodeURIComponent(source.username));
    await copy.replicaof(source.hostname, Number(source.port || 6_379));
    await waitUntilWhole(copy, source.host, withinMs);
    await copy.replicaof('NO', 'ONE');
  } finally {
    copy.disconnect();
  }
}

async function waitUntilWhole(copy: Redis, host: string, withinMs: number): Promise<void> {
  for (const deadline = performance.now() + withinMs; performance.now() < deadline; ) {
    const about = await copy.info('replication');
    if (/master_link_status:up/.test(about) && /master_sync_in_progress:0/.test(about)) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  throw new FailureError('unavailable', `The Redis at ${host} did not hand over a copy within ${Math.round(withinMs / 1_000)} s.`, { hint: 'Its user needs +psync +replconf +ping, and managed services often allow nobody to replicate: use their snapshots, and back up NATS with --nats-only. Raise --within for much data.' });
}

/** The version of a Redis, such as 7.0.15. */
export async function redisVersion(url: string): Promise<string> {
  const redis = connectRedis({ url, name: 'trivet-backup' });
  try {
    return /redis_version:(\S+)/.exec(await redis.info('server'))?.[1] ?? 'unknown';
  } finally {
    redis.disconnect();
  }
}
