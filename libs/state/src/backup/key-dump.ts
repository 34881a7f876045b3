import { FailureError } from '@trivet/contracts';
import { keys, PARTITIONS } from '../keys.js';
import { connectRedis, scanKeys, withRedis, type Redis } from '../redis.js';

/** Names of what is of processes that run and not of the work: presence, leases. */
const OF_PROCESSES = /^(\{workers\}:|\{w\d+\}:relay$|\{recovery\}:lease$)/;
const BATCH = 200;
const NEVER = -1;

/** Every key of a Redis that nobody writes to, as records of its name, when it expires and its value as DUMP writes it. */
export async function* dumpKeys(url: string): AsyncGenerator<Uint8Array> {
  const redis = connectRedis({ url, name: 'trivet-backup' });
  try {
    let names: string[] = [];
    for await (const name of scanKeys(redis, '*')) {
      if (OF_PROCESSES.test(name)) continue;
      names.push(name);
      if (names.length < BATCH) continue;
      yield* await recordsOf(redis, names);
      names = [];
    }
    yield* await recordsOf(redis, names);
  } finally {
    redis.disconnect();
  }
}

async function recordsOf(redis: Redis, names: readonly string[]): Promise<Uint8Array[]> {
  const records = await withRedis(() => Promise.all(names.map(async (name) => ({ name, expiresAtMs: await redis.pexpiretime(name), value: await redis.dumpBuffer(name) }))));
  // One that expired meanwhile is gone.
  return records.flatMap(({ name, expiresAtMs, value }) => (value ? [encodeRecord({ name, expiresAtMs: Math.max(NEVER, expiresAtMs), value })] : []));
}

interface KeyRecord {
  name: string;
  /** Ms since 1970; -1: never. */
  expiresAtMs: number;
  value: Buffer;
}

const HEAD_BYTES = 16;

/** Length of the name, of the value, when it expires; name; value. */
function encodeRecord({ name, expiresAtMs, value }: KeyRecord): Uint8Array {
  const text = Buffer.from(name);
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32LE(text.length, 0);
  head.writeUInt32LE(value.length, 4);
  head.writeBigInt64LE(BigInt(expiresAtMs), 8);
  return Buffer.concat([head, text, value]);
}

/**
 * Writes records back to an empty Redis; then all partitions are frozen, so that an orchestrator compares it with the journal before it
 * does anything, also where the server is the same one.
 * @returns how many keys
 */
export async function restoreKeys(url: string, parts: AsyncIterable<Uint8Array>): Promise<number> {
  const redis = connectRedis({ url, name: 'trivet-restore' });
  let count = 0;
  let batch: KeyRecord[] = [];
  const flush = async (): Promise<void> => {
    await withRedis(() => Promise.all(batch.map(({ name, expiresAtMs, value }) => redis.restore(name, Math.max(0, expiresAtMs), value, 'ABSTTL'))));
    count += batch.length;
    batch = [];
  };
  try {
    for await (const record of readRecords(parts)) {
      batch.push(record);
      if (batch.length >= BATCH) await flush();
    }
    await flush();
    await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.hset(keys.partition(partition), 'state', 'frozen'))));
    return count;
  } finally {
    redis.disconnect();
  }
}

async function* readRecords(parts: AsyncIterable<Uint8Array>): AsyncGenerator<KeyRecord> {
  let rest = Buffer.alloc(0);
  for await (const part of parts) {
    rest = Buffer.concat([rest, part]);
    for (let size = sizeOfFirst(rest); size !== null && size <= rest.length; size = sizeOfFirst(rest)) {
      const [nameBytes, expiresAtMs] = [rest.readUInt32LE(0), Number(rest.readBigInt64LE(8))];
      yield { name: rest.subarray(HEAD_BYTES, HEAD_BYTES + nameBytes).toString(), expiresAtMs, value: Buffer.from(rest.subarray(HEAD_BYTES + nameBytes, size)) };
      rest = rest.subarray(size);
    }
  }
  if (rest.length > 0) throw new FailureError('invalid_request', `The file of keys ends in the middle of a record, ${rest.length} bytes before it.`);
}

const sizeOfFirst = (bytes: Buffer): number | null => (bytes.length < HEAD_BYTES ? null : HEAD_BYTES + bytes.readUInt32LE(0) + bytes.readUInt32LE(4));

/** How many keys a Redis has. */
export async function countKeys(url: string): Promise<number> {
  const redis = connectRedis({ url, name: 'trivet-restore' });
  try {
    return await withRedis(() => redis.dbsize());
  } finally {
    redis.disconnect();
  }
}
