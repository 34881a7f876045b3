import { createHash } from 'node:crypto';
import { FailureError, INLINE_LIMIT_BYTES, type BlobReference, type JsonValue } from '@trivet/contracts';
import { keys } from './keys.js';
import { withRedis, type Redis } from './redis.js';

/** Longer than a finished workflow's record is kept. */
const KEEP_MS = 9 * 86_400_000;
/** The largest value that may travel by reference. */
export const MOST_BLOB_BYTES = 32 * 1024 * 1024;

/** Values over 64 KiB by their sha256, written before the commit or message that names them. */
export interface Blobs {
  put: (bytes: Uint8Array) => Promise<BlobReference>;
  get: (reference: BlobReference) => Promise<Uint8Array>;
  /** A JSON value inline when it is small, by reference when it is not. */
  store: (value: JsonValue | undefined) => Promise<{ inline: JsonValue | undefined } | { reference: BlobReference }>;
  load: (reference: BlobReference) => Promise<JsonValue>;
}

export function createBlobs(redis: Redis): Blobs {
  const put = async (bytes: Uint8Array): Promise<BlobReference> => {
    if (bytes.byteLength > MOST_BLOB_BYTES) throw new FailureError('payload_too_large', `A value of ${bytes.byteLength} bytes is over the limit of ${MOST_BLOB_BYTES} bytes.`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await withRedis(() => redis.set(keys.blob(sha256), Buffer.from(bytes), 'PX', KEEP_MS));
    return { blob: sha256, bytes: bytes.byteLength };
  };
  const get = async (reference: BlobReference): Promise<Uint8Array> => {
    const bytes = await withRedis(() => redis.getBuffer(keys.blob(reference.blob)));
    if (!bytes) throw new FailureError('not_found', `The value ${reference.blob.slice(0, 12)}… (${reference.bytes} bytes) is no longer kept.`);
    return bytes;
  };
  return {
    put,
    get,
    store: async (value) => {
      if (value === undefined) return { inline: undefined };
      const bytes = Buffer.from(JSON.stringify(value));
      return bytes.byteLength <= INLINE_LIMIT_BYTES ? { inline: value } : { reference: await put(bytes) };
    },
    load: async (reference) => {
      const value: JsonValue = JSON.parse(Buffer.from(await get(reference)).toString('utf8'));
      return value;
    },
  };
}
