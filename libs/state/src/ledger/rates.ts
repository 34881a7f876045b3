import type { Redis } from 'ioredis';
import { z } from 'zod';
import { ratesKey } from './ledger-keys.js';
import { GIVE_BACK_RATE_LUA, TAKE_RATE_LUA } from './rates.lua.js';
import { defineScript } from '../redis.js';

/** What a vendor lets one account ask in any minute; undefined: any. */
export interface RateLimits {
  requestsPerMinute?: number;
  tokensPerMinute?: number;
}

/** A place in the line of an endpoint: taken, with the time to wait for it; or not, since the wait would be too long. */
export type RatePlace = { taken: true; waitMs: number } | { taken: false; waitMs: number };

/** Rates of endpoints, shared by all replicas. */
export interface Rates {
  take(endpoint: string, limits: RateLimits, tokens: number, mostWaitMs: number): Promise<RatePlace>;
  /** Tokens that were taken and not used. */
  giveBack(endpoint: string, limits: RateLimits, tokens: number): Promise<void>;
}

const takeScript = defineScript(TAKE_RATE_LUA);
const giveBackScript = defineScript(GIVE_BACK_RATE_LUA);
const Answer = z.tuple([z.enum(['0', '1']), z.string().regex(/^\d+$/).transform(Number)]);

export function createRates(redis: Redis): Rates {
  return {
    async take(endpoint, { requestsPerMinute = 0, tokensPerMinute = 0 }, tokens, mostWaitMs) {
      const [taken, waitMs] = Answer.parse(await takeScript.run(redis, [ratesKey(endpoint)], [String(requestsPerMinute), String(tokensPerMinute), String(tokens), String(Math.max(0, Math.ceil(mostWaitMs)))]));
      return { taken: taken === '1', waitMs };
    },
    async giveBack(endpoint, { tokensPerMinute = 0 }, tokens) {
      if (tokensPerMinute > 0 && tokens > 0) await giveBackScript.run(redis, [ratesKey(endpoint)], [String(tokensPerMinute), String(tokens)]);
    },
  };
}
