import { redisTimeMs, type Redis } from './redis.js';

const RESYNC_MS = 5_000;
/** A sample is off by half of what its way took, at worst. One that took longer than this is used only when there is none better. */
const CLOSE_MS = 20;
/** Then one that took long is better than one so old. */
const OLD_MS = 60_000;

/** The ledger's time, read without a round trip: Redis' clock, carried on by this process' own steady clock. */
export interface LedgerClock {
  nowMs: () => number;
  stop: () => void;
}

/** No service clock is ever compared with another: all times in events and deadlines come from here. */
export async function createLedgerClock(redis: Redis, options: { resyncMs?: number } = {}): Promise<LedgerClock> {
  let known = await measure(redis);
  const timer = setInterval(() => {
    measure(redis).then((next) => {
      // A question that Redis answered late, because it hung or was started anew, would put this clock ahead: timers would be early.
      if (next.tookMs <= Math.max(CLOSE_MS, known.tookMs) || next.at - known.at > OLD_MS) known = next;
    }, () => undefined);
  }, options.resyncMs ?? RESYNC_MS);
  timer.unref();
  return { nowMs: () => Math.round(known.base + performance.now()), stop: () => clearInterval(timer) };
}

interface Sample {
  /** Redis' time minus this process' steady clock, taken in the middle of the round trip. */
  base: number;
  tookMs: number;
  /** On the steady clock. */
  at: number;
}

async function measure(redis: Redis): Promise<Sample> {
  const before = performance.now();
  const remote = await redisTimeMs(redis);
  const after = performance.now();
  return { base: remote - (before + after) / 2, tookMs: after - before, at: after };
}
