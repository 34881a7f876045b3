import { redisTimeMs, type Redis } from './redis.js';

const RESYNC_MS = 5_000;

/** The ledger's time, read without a round trip: Redis' clock, carried on by this process' own steady clock. */
export interface LedgerClock {
  nowMs: () => number;
  stop: () => void;
}

/** No service clock is ever compared with another: all times in events and deadlines come from here. */
export async function createLedgerClock(redis: Redis): Promise<LedgerClock> {
  let base = await measure(redis);
  const timer = setInterval(() => {
    measure(redis).then((next) => (base = next), () => undefined);
  }, RESYNC_MS);
  timer.unref();
  return { nowMs: () => Math.round(base + performance.now()), stop: () => clearInterval(timer) };
}

/** Redis' time minus this process' steady clock, taken in the middle of the round trip. */
async function measure(redis: Redis): Promise<number> {
  const before = performance.now();
  const remote = await redisTimeMs(redis);
  return remote - (before + performance.now()) / 2;
}
