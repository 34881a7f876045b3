import { FailureError, type JsonValue } from '@trivet/contracts';
import { keys, type WorkflowRef } from '../keys.js';
import { defineScript, withRedis, type Redis } from '../redis.js';
import { DELETE_LUA, SET_LUA } from './kv.lua.js';

/** What the tools of one workflow may keep. */
export const KV_LIMITS = {
  /** Characters of a key. */
  keyLength: 128,
  /** Bytes of a value's JSON text. */
  valueBytes: 65_536,
  /** Keys of one workflow. */
  entries: 1_000,
  /** Bytes of all keys and values of one workflow. */
  totalBytes: 1_048_576,
} as const;

/**
 * From the last write, unless the workflow ends: then its entries go with its record. No longer than an id is remembered
 * after its record has gone, so that no later workflow of the same id finds them.
 */
const KEEP_MS = 30 * 86_400_000;

/**
 * Small state that the tools of one workflow share: JSON values by key. The last write of a key wins, whoever made it; a call that
 * runs again after a crash finds what it wrote before. It is in Redis alone, not in the journal: where Redis lost its data
 * it is empty.
 */
export interface KvStore {
  /** Null when there is none. */
  get: (ref: WorkflowRef, key: string) => Promise<JsonValue>;
  /** @throws FailureError payload_too_large: the workflow would have more entries or bytes than it may */
  set: (ref: WorkflowRef, key: string, value: JsonValue) => Promise<void>;
  /** @returns whether it was there */
  delete: (ref: WorkflowRef, key: string) => Promise<boolean>;
  /** The keys that begin with a text, sorted. */
  list: (ref: WorkflowRef, prefix: string) => Promise<string[]>;
}

const setScript = defineScript(SET_LUA);
const deleteScript = defineScript(DELETE_LUA);
const BYTES_FIELD = '#bytes';

export function createKvStore(redis: Redis): KvStore {
  return {
    get: async (ref, key) => {
      const text = await withRedis(() => redis.hget(keys.kv(ref), key));
      return text === null ? null : JSON.parse(text);
    },
    set: async (ref, key, value) => {
      const reply = await setScript.run(redis, [keys.kv(ref)], [key, JSON.stringify(value), KV_LIMITS.entries, KV_LIMITS.totalBytes, KEEP_MS]);
      const [status, reached] = Array.isArray(reply) ? reply : [];
      if (status === 'ENTRIES') throw tooMuch(ref, 'entries', Number(reached), KV_LIMITS.entries);
      if (status === 'BYTES') throw tooMuch(ref, 'bytes', Number(reached), KV_LIMITS.totalBytes);
    },
    delete: async (ref, key) => (await deleteScript.run(redis, [keys.kv(ref)], [key])) === 1,
    list: async (ref, prefix) => {
      const all = await withRedis(() => redis.hkeys(keys.kv(ref)));
      return all.filter((key) => key !== BYTES_FIELD && key.startsWith(prefix)).sort();
    },
  };
}

function tooMuch(ref: WorkflowRef, unit: 'entries' | 'bytes', value: number, limit: number): FailureError {
  return new FailureError('payload_too_large', `With this the kv of workflow ${ref.workflowId} would have ${value} ${unit}; the limit is ${limit}. Delete what is not needed any more.`, { detail: { unit, value, limit } });
}
