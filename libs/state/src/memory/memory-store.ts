import { randomUUID } from 'node:crypto';
import { FailureError, type JsonObject } from '@trivet/contracts';
import { keys, type MemoryRef } from '../keys.js';
import { defineScript, redisTimeMs, withRedis, type Redis } from '../redis.js';
import { modelWord, parseHead, type MemoryHead, type MemorySource } from './entry-head.js';
import { CHANGE_LUA, CLEAR_LUA, EMBED_AGAIN_LUA, SWEEP_LUA } from './memory.lua.js';

/** What the tools of one tenant may keep. */
export const MEMORY_LIMITS = {
  /** Of all collections of a tenant together. */
  tenantEntries: 100_000,
  /** Bytes of ids, texts, metadata, provenance and vectors of a tenant. */
  tenantBytes: 268_435_456,
  /** Of one collection: what one index is asked to hold and to look through. */
  collectionEntries: 20_000,
} as const;

/** How many entries that are gone a collection remembers; an index that is further behind is built anew. */
const GONE_REMEMBERED = 5_000;
/** So that no script takes long: expired entries taken away by one that writes, and by one that sweeps. */
const SWEPT_BY_A_WRITE = 100;
const SWEPT_AT_ONCE = 1_000;
const COLLECTIONS_SWEPT = 20;

export interface MemoryText {
  text: string;
  metadata: JsonObject;
}

export interface MemoryWrite extends MemoryText {
  id: string;
  hash: string;
  model: string;
  vector: Float32Array;
  source: MemorySource;
  /** Absent: it stays. */
  expiresInMs?: number | undefined;
}

/** Up to where a collection has changed. Null: it is empty. */
export interface MemoryPosition {
  /** Of a collection that was emptied and filled again it is another. */
  epoch: string;
  seq: number;
  /** Up to where it is not known any more what went. */
  floor: number;
}

export interface ChangedEntry {
  seq: number;
  head: MemoryHead;
  vector: Float32Array;
}

/**
 * What the tools of a tenant remember: texts with their vectors, in collections. It is in Redis alone, not in the journal: where Redis lost its
 * data it is empty. Every write is one atomic step. Expired entries may still be listed by `changedAfter`; who reads looks at the time.
 */
export interface MemoryStore {
  /**
   * Takes entries away, and writes others in place of those of the same id.
   * @returns how many were taken away that had not expired
   * @throws FailureError payload_too_large: the tenant or the collection would have more than it may
   */
  change: (ref: MemoryRef, change: { remove?: readonly string[]; write?: readonly MemoryWrite[] }) => Promise<number>;
  /** Vectors of another model for texts that are still the same. @returns how many were */
  embedAgain: (ref: MemoryRef, model: string, entries: readonly { id: string; hash: string; vector: Float32Array }[]) => Promise<number>;
  /** @returns how many there were */
  clear: (ref: MemoryRef) => Promise<number>;
  position: (ref: MemoryRef) => Promise<MemoryPosition | null>;
  /** Entries written after a change, in the order of their changes. `lastSeq`: up to where these go; null when no more follow. */
  changedAfter: (ref: MemoryRef, seq: number, limit: number) => Promise<{ entries: ChangedEntry[]; lastSeq: number | null }>;
  /** Ids of entries that went after a change. */
  goneAfter: (ref: MemoryRef, seq: number) => Promise<string[]>;
  /** The last written first. `before`: the change to go on from. */
  list: (ref: MemoryRef, page: { before?: number | undefined; limit: number }) => Promise<{ entries: (MemoryHead & MemoryText)[]; next: number | null }>;
  /** In the order of the ids; null where there is none. */
  read: (ref: MemoryRef, ids: readonly string[]) => Promise<(MemoryText | null)[]>;
  /** Takes away some of what is expired, of all tenants. @returns how many */
  sweep: () => Promise<number>;
}

const changeScript = defineScript(CHANGE_LUA);
const embedAgainScript = defineScript(EMBED_AGAIN_LUA);
const sweepScript = defineScript(SWEEP_LUA);
const clearScript = defineScript(CLEAR_LUA);

export function createMemoryStore(redis: Redis): MemoryStore {
  const { embedAgain, sweep, change, clear } = writers(redis);
  return {
    change, embedAgain, clear, sweep,
    position: async ({ tenant, collection }) => {
      const [epoch, seq, floor] = await withRedis(() => redis.hmget(keys.memoryMeta(tenant), `epoch:${collection}`, `seq:${collection}`, `floor:${collection}`));
      return epoch ? { epoch, seq: Number(seq), floor: Number(floor ?? 0) } : null;
    },
    changedAfter: async (ref, seq, limit) => {
      const changed = pairsOf(await withRedis(() => redis.zrangebyscore(keys.memoryChanges(ref), `(${seq}`, '+inf', 'WITHSCORES', 'LIMIT', 0, limit)));
      const ids = changed.map(([id]) => id);
      const [heads, vectors] = await withRedis(() => Promise.all([hashOf(ids, () => redis.hmget(keys.memoryHeads(ref), ...ids)), hashOf(ids, () => redis.hmgetBuffer(keys.memoryVectors(ref), ...ids))]));
      const entries = changed.flatMap(([id, at], index): ChangedEntry[] => {
        const [head, vector] = [heads[index], vectors[index]];
        return head && vector ? [{ seq: at, head: parseHead(id, head), vector: floatsOf(vector) }] : [];
      });
      return { entries, lastSeq: changed.length < limit ? null : (changed.at(-1)?.[1] ?? null) };
    },
    goneAfter: async (ref, seq) => withRedis(() => redis.zrangebyscore(keys.memoryGone(ref), `(${seq}`, '+inf')),
    list: async (ref, { before, limit }) => {
      const listed = pairsOf(await withRedis(() => redis.zrevrangebyscore(keys.memoryChanges(ref), before === undefined ? '+inf' : `(${before}`, '-inf', 'WITHSCORES', 'LIMIT', 0, limit)));
      const ids = listed.map(([id]) => id);
      const [heads, texts, now] = await Promise.all([withRedis(() => hashOf(ids, () => redis.hmget(keys.memoryHeads(ref), ...ids))), readTexts(redis, ref, ids), redisTimeMs(redis)]);
      const entries = ids.flatMap((id, index) => {
        const [head, text] = [heads[index], texts[index]];
        const entry = head && text ? { ...parseHead(id, head), ...text } : null;
        return entry && (entry.expiresAtMs ?? Infinity) > now ? [entry] : [];
      });
      return { entries, next: listed.length < limit ? null : (listed.at(-1)?.[1] ?? null) };
    },
    read: (ref, ids) => readTexts(redis, ref, ids),
  };
}

function writers(redis: Redis): Pick<MemoryStore, 'change' | 'embedAgain' | 'clear' | 'sweep'> {
  const sweepOne = async (ref: MemoryRef): Promise<number> => Number(await sweepScript.run(redis, keysOf(ref), [...scopeOf(ref), SWEPT_AT_ONCE]));
  return {
    change: async (ref, { remove = [], write = [] }) => {
      const limits = [MEMORY_LIMITS.tenantEntries, MEMORY_LIMITS.collectionEntries, MEMORY_LIMITS.tenantBytes, SWEPT_BY_A_WRITE];
      const written = write.flatMap(({ id, hash, model, source, text, metadata, vector, expiresInMs = 0 }) => [id, `${hash} ${modelWord(model)} ${JSON.stringify(source)}`, JSON.stringify({ text, metadata }), bytesOf(vector), expiresInMs]);
      const reply = await changeScript.run(redis, keysOf(ref), [...scopeOf(ref), randomUUID(), ...limits, remove.length, ...remove, ...written]);
      const [status, value] = Array.isArray(reply) ? reply : [];
      if (status !== 'OK') throw tooMuch(ref, String(status), Number(value));
      return Number(value);
    },
    embedAgain: async (ref, model, entries) => Number(await embedAgainScript.run(redis, keysOf(ref), [...scopeOf(ref), ...entries.flatMap(({ id, hash, vector }) => [id, hash, modelWord(model), bytesOf(vector)])])),
    clear: async (ref) => Number(await clearScript.run(redis, keysOf(ref), scopeOf(ref))),
    sweep: async () => {
      const now = await redisTimeMs(redis);
      const due = await withRedis(() => redis.zrangebyscore(keys.memoryDue(), '-inf', now, 'LIMIT', 0, COLLECTIONS_SWEPT));
      let swept = 0;
      for (const member of due) {
        const [tenant = '', collection = ''] = member.split('|');
        swept += await sweepOne({ tenant, collection });
      }
      return swept;
    },
  };
}

const keysOf = (ref: MemoryRef): string[] => [keys.memoryMeta(ref.tenant), keys.memoryHeads(ref), keys.memoryTexts(ref), keys.memoryVectors(ref), keys.memoryChanges(ref), keys.memoryGone(ref), keys.memoryExpiry(ref), keys.memoryDue()];
const scopeOf = ({ tenant, collection }: MemoryRef): (string | number)[] => [collection, `${tenant}|${collection}`, GONE_REMEMBERED];

async function readTexts(redis: Redis, ref: MemoryRef, ids: readonly string[]): Promise<(MemoryText | null)[]> {
  const texts = await withRedis(() => hashOf(ids, () => redis.hmget(keys.memoryTexts(ref), ...ids)));
  return texts.map((text) => (text === null ? null : JSON.parse(text)));
}

/** HMGET wants a field at least. */
const hashOf = async <Value>(ids: readonly string[], read: () => Promise<Value[]>): Promise<Value[]> => (ids.length === 0 ? [] : read());

function pairsOf(reply: readonly string[]): [id: string, score: number][] {
  return Array.from({ length: reply.length / 2 }, (_, index) => [reply[2 * index] ?? '', Number(reply[2 * index + 1])]);
}

// Every machine that Node runs on is little-endian, or the few that are not would read back what they wrote themselves.
const bytesOf = (vector: Float32Array): Buffer => Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
/** Copied: a part of a reply need not lie where floats may, and would keep all of the reply. */
const floatsOf = (bytes: Buffer): Float32Array => new Float32Array(new Uint8Array(bytes).buffer);

const LIMITS: Readonly<Record<string, { of: (ref: MemoryRef) => string; unit: 'entries' | 'bytes'; limit: number; remedy: string }>> = {
  TENANT: { of: ({ tenant }) => `the memory of tenant ${tenant}`, unit: 'entries', limit: MEMORY_LIMITS.tenantEntries, remedy: 'Forget entries, or write them with expiresInMs.' },
  COLLECTION: { of: ({ collection }) => `the collection ${collection}`, unit: 'entries', limit: MEMORY_LIMITS.collectionEntries, remedy: 'Forget entries, write them with expiresInMs, or use several collections.' },
  BYTES: { of: ({ tenant }) => `the memory of tenant ${tenant}`, unit: 'bytes', limit: MEMORY_LIMITS.tenantBytes, remedy: 'Forget entries, or keep shorter texts.' },
};

function tooMuch(ref: MemoryRef, status: string, value: number): Error {
  const exceeded = LIMITS[status];
  if (!exceeded) return new Error(`the memory answered ${status}`);
  const { of, unit, limit, remedy } = exceeded;
  return new FailureError('payload_too_large', `With this ${of(ref)} would have ${value} ${unit}; the limit is ${limit}. ${remedy}`, { detail: { unit, value, limit } });
}
