import { FailureError, type ApiKey } from '@trivet/contracts';
import { keys } from '../keys.js';
import { defineScript, withRedis, type Redis } from '../redis.js';

/** A key as it is kept: its secret only as a digest. */
export interface StoredApiKey extends Omit<ApiKey, 'lastUsedAt'> {
  /** SHA-256 of the secret, in hexadecimal. 256 random bits need no salt and no slow hash. */
  hash: string;
}

/** The API keys of all tenants. */
export interface ApiKeyStore {
  /** @throws FailureError unavailable, while Redis may have lost some: none must not look like none were ever made */
  list: () => Promise<StoredApiKey[]>;
  /** Those that are there, also while others may be missing: for whoever makes Redis whole. */
  listFound: () => Promise<StoredApiKey[]>;
  /** When each was used last, in ms, by its id; those that were not are left out. */
  uses: () => Promise<ReadonlyMap<string, number>>;
  /** Keeps a key, in place of one of the same id. */
  put: (key: StoredApiKey) => Promise<void>;
  /** Replaces it with what it becomes, if nobody has changed it meanwhile. @returns whether it was replaced */
  replace: (before: StoredApiKey, after: StoredApiKey) => Promise<boolean>;
  remove: (id: string) => Promise<void>;
  noteUse: (id: string, atMs: number) => Promise<void>;
}

/** KEYS: keys · A script, so that it waits, as scripts do, where Redis was started anew and may have lost them. */
const listScript = defineScript(`return redis.call('HVALS', KEYS[1])`);

/** KEYS: keys · ARGV: id, key as it was, as it becomes */
const replaceScript = defineScript(`
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1`);

export function createApiKeyStore(redis: Redis): ApiKeyStore {
  return {
    list: async () => {
      const found = await readAll(redis);
      await requireWhole(redis);
      // They may have come back between the two questions.
      return found.length > 0 ? found : readAll(redis);
    },
    listFound: async () => (await withRedis(() => redis.hvals(keys.apiKeys()))).map((text): StoredApiKey => JSON.parse(text)),
    uses: async () => new Map(Object.entries(await withRedis(() => redis.hgetall(keys.apiKeyUses()))).map(([id, ms]) => [id, Number(ms)])),
    put: async (key) => void (await withRedis(() => redis.hset(keys.apiKeys(), key.id, JSON.stringify(key)))),
    replace: async (before, after) => (await replaceScript.run(redis, [keys.apiKeys()], [before.id, JSON.stringify(before), JSON.stringify(after)])) === 1,
    remove: async (id) => void (await withRedis(() => Promise.all([redis.hdel(keys.apiKeys(), id), redis.hdel(keys.apiKeyUses(), id)]))),
    noteUse: async (id, atMs) => void (await withRedis(() => redis.hset(keys.apiKeyUses(), id, atMs))),
  };
}

async function readAll(redis: Redis): Promise<StoredApiKey[]> {
  const texts = await listScript.run(redis, [keys.apiKeys()], []);
  return Array.isArray(texts) ? texts.map((text): StoredApiKey => JSON.parse(String(text))) : [];
}

/** A Redis that was emptied while it ran knows its scripts still, and no partition that somebody has opened. */
async function requireWhole(redis: Redis): Promise<void> {
  const state = await withRedis(() => redis.hget(keys.partition(0), 'state'));
  if (state !== 'open') throw new FailureError('unavailable', 'The API keys cannot be read: Redis was started anew or has lost data, and is being compared with the journal.');
}
