import { startRedis, type TestServer } from '@trivet/testing';
import { MEMORY_LIMITS, connectRedis, createMemoryStore, keys, type MemoryStore, type MemoryWrite, type Redis } from '../index.js';

let server: TestServer;
let redis: Redis;
let memory: MemoryStore;
beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
  memory = createMemoryStore(redis);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

const ref = { tenant: 'acme', collection: 'memory' };
const source = { workflowId: 'w1', stepId: 's1', callId: 'c1', tool: 'writer' };
const entry = (id: string, rest: Partial<MemoryWrite> = {}): MemoryWrite => ({ id, text: `text of ${id}`, metadata: {}, hash: `hash-${id}`, model: 'a model', vector: Float32Array.of(1, 0.5), source, ...rest });
const listed = async (of = ref): Promise<string[]> => (await memory.list(of, { limit: 100 })).entries.map(({ id }) => id);
const figure = async (field: string): Promise<number> => Number(await redis.hget(keys.memoryMeta('acme'), field));
/** What the bytes of a collection come to, counted anew. */
async function countBytes(): Promise<number> {
  const parts = await Promise.all([keys.memoryHeads(ref), keys.memoryTexts(ref), keys.memoryVectors(ref)].map((key) => redis.hvalsBuffer(key)));
  const ids = await redis.hkeys(keys.memoryHeads(ref));
  return [...parts.flat(), ...ids.map((id) => Buffer.from(id))].reduce((sum, { length }) => sum + length, 0);
}
async function untilExpired(id: string): Promise<void> {
  for (const endsAt = Date.now() + 5_000; (await listed()).includes(id); ) if (Date.now() > endsAt) throw new Error(`${id} does not expire`);
}

describe('what the tools of a tenant remember', () => {
  it('keeps text, metadata, provenance and vector, and the last write of an id', async () => {
    await memory.change(ref, { write: [entry('a'), entry('b', { text: 'ü 🌍', metadata: { of: [1] }, source: { ...source, user: 'ada', session: 's' } })] });
    await memory.change(ref, { write: [entry('a', { text: 'second', vector: Float32Array.of(0, 1) })] });
    expect((await memory.list(ref, { limit: 10 })).entries).toEqual([
      { id: 'a', text: 'second', metadata: {}, hash: 'hash-a', model: 'a model', source, writtenAtMs: expect.any(Number), expiresAtMs: null },
      expect.objectContaining({ id: 'b', text: 'ü 🌍', metadata: { of: [1] }, source: { ...source, user: 'ada', session: 's' } }),
    ]);
    expect(await memory.read(ref, ['b', 'none', '__proto__'])).toEqual([{ text: 'ü 🌍', metadata: { of: [1] } }, null, null]);
    const { entries, lastSeq } = await memory.changedAfter(ref, 0, 10);
    expect([entries.map(({ head, vector }) => [head.id, [...vector]]), lastSeq]).toEqual([[['b', [1, 0.5]], ['a', [0, 1]]], null]);
    expect([await figure('entries'), await figure('bytes'), await figure('bytes:memory')]).toEqual([2, await countBytes(), await countBytes()]);
  });

  it('is seen by no other tenant and in no other collection', async () => {
    await memory.change(ref, { write: [entry('a')] });
    for (const other of [{ tenant: 'rival', collection: 'memory' }, { tenant: 'acme', collection: 'other' }]) {
      expect([await listed(other), await memory.read(other, ['a']), await memory.change(other, { remove: ['a'] }), await memory.clear(other), await memory.position(other)]).toEqual([[], [null], 0, 0, null]);
      await memory.change(other, { write: [entry('a', { text: 'theirs' })] });
    }
    expect(await memory.read(ref, ['a'])).toMatchObject([{ text: 'text of a' }]);
    await expect(memory.change({ tenant: 'acme', collection: 'a:b' }, { write: [entry('a')] })).rejects.toThrow('not an id');
  });

  it('pages through what was written last', async () => {
    for (const id of ['a', 'b', 'c']) await memory.change(ref, { write: [entry(id)] });
    const first = await memory.list(ref, { limit: 2 });
    const second = await memory.list(ref, { limit: 2, before: first.next ?? 0 });
    expect([first.entries.map(({ id }) => id), second.entries.map(({ id }) => id), second.next]).toEqual([['c', 'b'], ['a'], null]);
  });

  it('forgets, says how many there were, and leaves nothing behind when it is empty', async () => {
    await memory.change(ref, { write: ['a', 'b', 'c'].map((id) => entry(id)) });
    expect(await memory.change(ref, { remove: ['a', 'none'] })).toBe(1);
    expect(await memory.goneAfter(ref, 0)).toEqual(['a']);
    expect([await memory.change(ref, { remove: ['a', 'b'] }), await memory.clear(ref), await memory.clear(ref)]).toEqual([1, 1, 0]);
    expect(await redis.dbsize()).toBe(0);
  });

  it('tells an index what came and went since', async () => {
    await memory.change(ref, { write: ['a', 'b', 'c'].map((id) => entry(id)) });
    const position = await memory.position(ref);
    await memory.change(ref, { remove: ['b'], write: [entry('c'), entry('d')] });
    expect(position).toMatchObject({ seq: 3, floor: 0 });
    expect((await memory.changedAfter(ref, 3, 10)).entries.map(({ head }) => head.id)).toEqual(['c', 'd']);
    expect(await memory.goneAfter(ref, 3)).toEqual(['b']);
    await memory.change(ref, { write: [entry('b')] });
    expect(await memory.goneAfter(ref, 3)).toEqual([]);
    const paged = await memory.changedAfter(ref, 0, 2);
    expect([paged.entries.map(({ head }) => head.id), paged.lastSeq]).toEqual([['a', 'c'], 5]);
    await memory.clear(ref);
    await memory.change(ref, { write: [entry('a')] });
    expect((await memory.position(ref))?.epoch).not.toBe(position?.epoch);
  });

  it('says up to where it does not know any more what went', async () => {
    const ids = Array.from({ length: 5_010 }, (_, index) => `e${index}`);
    await memory.change(ref, { write: [...ids, 'stays'].map((id) => entry(id)) });
    await memory.change(ref, { remove: ids });
    expect(await memory.position(ref)).toMatchObject({ seq: 10_021, floor: 5_021 });
    expect((await memory.goneAfter(ref, 5_021)).length).toBe(5_000);
  });

  it('shows nothing that expired, does not count it, and sweeps it', async () => {
    await memory.change(ref, { write: [entry('short', { expiresInMs: 20 }), entry('long', { expiresInMs: 60_000 }), entry('stays')] });
    expect((await memory.list(ref, { limit: 10 })).entries.find(({ id }) => id === 'long')?.expiresAtMs).toBeGreaterThan(Date.now() + 30_000);
    await untilExpired('short');
    expect(await memory.change(ref, { remove: ['short'] })).toBe(0);
    await memory.change(ref, { write: [entry('short', { expiresInMs: 1 })] });
    await untilExpired('short');
    expect([await memory.sweep(), await memory.sweep(), await redis.hlen(keys.memoryHeads(ref)), await figure('entries')]).toEqual([1, 0, 2, 2]);
    await memory.change(ref, { write: [entry('long')] });
    expect(await redis.exists(keys.memoryDue())).toBe(0);
    expect(await figure('bytes')).toBe(await countBytes());
  });

  it('gives vectors of another model to texts that are still the same, and to no others', async () => {
    await memory.change(ref, { write: [entry('a', { expiresInMs: 60_000 }), entry('b')] });
    await memory.change(ref, { write: [entry('b', { hash: 'changed' })] });
    const again = ['a', 'b', 'none'].map((id) => ({ id, hash: `hash-${id}`, vector: Float32Array.of(1, 2, 3) }));
    expect(await memory.embedAgain(ref, 'model/2 x', again)).toBe(1);
    const { entries } = await memory.changedAfter(ref, 0, 10);
    expect(entries.map(({ head, vector }) => [head.id, head.model, vector.length, head.expiresAtMs !== null])).toEqual([['b', 'a model', 2, false], ['a', 'model/2 x', 3, true]]);
    expect(await figure('bytes')).toBe(await countBytes());
  });

  it('holds what two write at once', async () => {
    const other = connectRedis({ url: server.url, name: 'other' });
    const stores = [memory, createMemoryStore(other)];
    await Promise.all(Array.from({ length: 100 }, (_, index) => stores[index % 2]?.change(ref, { write: [entry(`e${index % 30}`), entry(`f${index}`)], remove: [`f${index - 2}`] })));
    other.disconnect();
    expect([await figure('entries'), await figure('bytes'), (await listed()).length]).toEqual([await redis.hlen(keys.memoryHeads(ref)), await countBytes(), await figure('entries')]);
    const { entries } = await memory.changedAfter(ref, 0, 1_000);
    expect(new Set(entries.map(({ seq }) => seq)).size).toBe(entries.length);
  });

  it('refuses more than a tenant or a collection may have, and writes nothing of it; what is there can still change', async () => {
    await memory.change(ref, { write: [entry('a')] });
    const pretend = (field: string, value: number): Promise<number> => redis.hset(keys.memoryMeta('acme'), field, value);
    await pretend('entries', MEMORY_LIMITS.tenantEntries);
    await expect(memory.change(ref, { write: [entry('a'), entry('b')] })).rejects.toMatchObject({ failure: { code: 'payload_too_large', message: 'With this the memory of tenant acme would have 100001 entries; the limit is 100000. Forget entries, or write them with expiresInMs.', detail: { unit: 'entries', value: 100_001, limit: 100_000 } } });
    expect(await listed()).toEqual(['a']);
    await memory.change(ref, { write: [entry('a'), entry('b')], remove: ['none', 'c'] }).catch(() => undefined);
    await memory.change(ref, { write: [entry('a', { text: 'changed' })] });
    await memory.change(ref, { remove: ['a'], write: [entry('b')] });
    await pretend('entries', 1);
    await pretend('bytes', MEMORY_LIMITS.tenantBytes);
    await expect(memory.change(ref, { write: [entry('c')] })).rejects.toMatchObject({ failure: { code: 'payload_too_large', message: expect.stringMatching(/would have 2684\d{5} bytes; the limit is 268435456\. Forget entries, or keep shorter texts/) } });
    expect(await listed()).toEqual(['b']);
  });

  it('refuses more than a collection may have', async () => {
    const ids = Array.from({ length: MEMORY_LIMITS.collectionEntries }, (_, index) => `e${index}`);
    for (let at = 0; at < ids.length; at += 5_000) await memory.change(ref, { write: ids.slice(at, at + 5_000).map((id) => entry(id)) });
    await expect(memory.change(ref, { write: [entry('more')] })).rejects.toMatchObject({ failure: { message: expect.stringContaining('the collection memory would have 20001 entries; the limit is 20000') } });
    await memory.change({ ...ref, collection: 'other' }, { write: [entry('more')] });
    expect(await memory.clear(ref)).toBe(20_000);
    expect([await figure('entries'), await figure('bytes:memory')]).toEqual([1, 0]);
  });
});
