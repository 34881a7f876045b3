import { createHash } from 'node:crypto';
import { FailureError, MOST_FILES, type StoredFile } from '@trivet/contracts';
import { keys } from './keys.js';
import { defineScript, withRedis, type Redis } from './redis.js';

/** The files of tenants. */
export interface FileStore {
  /**
   * Keeps a file, in place of one of the same name. Throws a FailureError when the tenant has too many.
   * @param text UTF-8, of a file that is no text itself
   */
  put: (file: Omit<StoredFile, 'bytes' | 'sha256' | 'text'>, content: Uint8Array, text?: Uint8Array) => Promise<StoredFile>;
  list: (tenant: string) => Promise<StoredFile[]>;
  read: (tenant: string, name: string) => Promise<{ file: StoredFile; content: Uint8Array } | null>;
  /** What tools read: the text where there is one, else the content. */
  readText: (tenant: string, name: string) => Promise<Uint8Array | null>;
  /** @returns whether there was one */
  remove: (tenant: string, name: string) => Promise<boolean>;
  /** Tenants that have files. */
  tenants: () => Promise<string[]>;
}

/** KEYS: files, contents, texts, tenants · ARGV: name, record, content, most, tenant, text (absent: none). Returns 0 when there are too many. */
const PUT_LUA = `
if redis.call('HEXISTS', KEYS[1], ARGV[1]) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[4]) then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
if ARGV[6] then redis.call('HSET', KEYS[3], ARGV[1], ARGV[6]) else redis.call('HDEL', KEYS[3], ARGV[1]) end
redis.call('SADD', KEYS[4], ARGV[5])
return 1`;

/** KEYS: files, contents, texts, tenants · ARGV: name, tenant */
const REMOVE_LUA = `
local removed = redis.call('HDEL', KEYS[1], ARGV[1])
redis.call('HDEL', KEYS[2], ARGV[1])
redis.call('HDEL', KEYS[3], ARGV[1])
if redis.call('HLEN', KEYS[1]) == 0 then redis.call('SREM', KEYS[4], ARGV[2]) end
return removed`;

const putScript = defineScript(PUT_LUA);
const removeScript = defineScript(REMOVE_LUA);

export function createFileStore(redis: Redis): FileStore {
  const keysOf = (tenant: string): string[] => [keys.files(tenant), keys.fileContents(tenant), keys.fileTexts(tenant), keys.fileTenants()];
  return {
    put: async (given, content, text) => {
      const file: StoredFile = { ...given, bytes: content.length, sha256: sha256(content), ...(text ? { text: { bytes: text.length, sha256: sha256(text) } } : {}) };
      const kept = await putScript.run(redis, keysOf(file.tenant), [file.name, JSON.stringify(file), Buffer.from(content), MOST_FILES, file.tenant, ...(text ? [Buffer.from(text)] : [])]);
      if (kept === 0) throw new FailureError('state_conflict', `There are ${MOST_FILES} files of this tenant, which is the limit.`, { hint: 'Remove some: DELETE /api/v1/files/<name>.' });
      return file;
    },
    list: async (tenant) => {
      const files = (await withRedis(() => redis.hvals(keys.files(tenant)))).map((text): StoredFile => JSON.parse(text));
      return files.sort((left, right) => (left.name < right.name ? -1 : 1));
    },
    read: async (tenant, name) => {
      const [record, content] = await withRedis(() => Promise.all([redis.hget(keys.files(tenant), name), redis.hgetBuffer(keys.fileContents(tenant), name)]));
      return record === null || content === null ? null : { file: JSON.parse(record), content };
    },
    readText: async (tenant, name) => {
      const [text, content] = await withRedis(() => Promise.all([redis.hgetBuffer(keys.fileTexts(tenant), name), redis.hgetBuffer(keys.fileContents(tenant), name)]));
      return text ?? content;
    },
    remove: async (tenant, name) => (await removeScript.run(redis, keysOf(tenant), [name, tenant])) === 1,
    tenants: () => withRedis(() => redis.smembers(keys.fileTenants())),
  };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
