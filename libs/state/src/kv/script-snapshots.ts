import { keys, type WorkflowRef } from '../keys.js';
import { defineScript, withRedis, type Redis } from '../redis.js';

/** What the interpreter of a waiting script had in its memory. */
export interface ScriptSnapshot {
  /** How many results the script had been given. */
  results: number;
  /** sha256 in hexadecimal of what makes the memory what it is; nothing else can be gone on with in it. */
  madeOf: string;
  bytes: Uint8Array;
}

/**
 * Snapshots of scripts that wait, the last of each. They only save work: where one is missing or of something else, the script
 * is run again with its results. In Redis alone, and gone with the record of the workflow.
 */
export interface ScriptSnapshots {
  find: (ref: WorkflowRef, script: string) => Promise<ScriptSnapshot | null>;
  put: (ref: WorkflowRef, script: string, snapshot: ScriptSnapshot) => Promise<void>;
  remove: (ref: WorkflowRef, script: string) => Promise<void>;
}

/** Scripts of one workflow that have a snapshot; further ones are run again. */
const MOST_SCRIPTS = 8;
const KEEP_MS = 30 * 86_400_000;
const HASH_BYTES = 32;
const HEAD_BYTES = HASH_BYTES + 4;

/** KEYS: snapshots · ARGV: script, snapshot, most, ms to keep. */
const putScript = defineScript(`
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[3]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`);

export function createScriptSnapshots(redis: Redis): ScriptSnapshots {
  return {
    find: async (ref, script) => {
      const kept = await withRedis(() => redis.hgetBuffer(keys.snapshots(ref), script));
      if (!kept || kept.length < HEAD_BYTES) return null;
      return { madeOf: kept.subarray(0, HASH_BYTES).toString('hex'), results: kept.readUInt32LE(HASH_BYTES), bytes: new Uint8Array(kept.subarray(HEAD_BYTES)) };
    },
    put: async (ref, script, { madeOf, results, bytes }) => {
      const head = Buffer.alloc(HEAD_BYTES);
      head.write(madeOf, 'hex');
      head.writeUInt32LE(results, HASH_BYTES);
      await putScript.run(redis, [keys.snapshots(ref)], [script, Buffer.concat([head, bytes]), MOST_SCRIPTS, KEEP_MS]);
    },
    remove: async (ref, script) => void (await withRedis(() => redis.hdel(keys.snapshots(ref), script))),
  };
}
