import { INLINE_LIMIT_BYTES } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { withRedis } from '../redis.js';
import { cacheKey } from './ledger-keys.js';

/** Answers that a tenant may get again for the same request, each for as long as its asker said. */
export interface AnswerCache {
  /** @param digest of the whole request @returns JSON text; null: not there */
  find(tenant: string, digest: string): Promise<string | null>;
  /** Keeps an answer; one that is larger than a result in a message is not kept. */
  keep(tenant: string, digest: string, json: string, keepMs: number): Promise<void>;
}

export function createAnswerCache(redis: Redis): AnswerCache {
  return {
    find: (tenant, digest) => withRedis(() => redis.get(cacheKey(tenant, digest))),
    async keep(tenant, digest, json, keepMs) {
      if (Buffer.byteLength(json) <= INLINE_LIMIT_BYTES) await withRedis(() => redis.set(cacheKey(tenant, digest), json, 'PX', keepMs));
    },
  };
}
