import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { connectRedis, createMemoryStore, type MemoryStore, type MemoryWrite, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { createMemoryIndexes, type MemoryIndexes } from './memory-indexes.js';

const ref = { tenant: 'acme', collection: 'memory' };
const entry = (id: string, vector = [1, 0]): MemoryWrite => ({ id, text: id, metadata: {}, hash: id, model: 'm', vector: Float32Array.from(vector), source: { workflowId: 'w', stepId: 's', callId: 'c', tool: 't' } });

describe('the indexes of an executor', () => {
  let server: TestServer;
  let redis: Redis;
  let store: MemoryStore;
  let indexes: MemoryIndexes;
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'spec' });
    store = createMemoryStore(redis);
  });
  beforeEach(async () => {
    await redis.flushall();
    indexes = createMemoryIndexes(store, { mostBytes: 1e8 });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  const known = async (): Promise<string[]> => [...(await indexes.current(ref)).heads()].map(({ id }) => id).sort();

  it('are made anew when more went meanwhile than is remembered', async () => {
    const ids = Array.from({ length: 5_200 }, (_, index) => `e${index}`);
    for (let at = 0; at < ids.length; at += 1_300) await store.change(ref, { write: ids.slice(at, at + 1_300).map((id) => entry(id)) });
    await store.change(ref, { write: [entry('stays')] });
    expect((await known()).length).toBe(5_201);
    for (let at = 0; at < ids.length; at += 1_300) await store.change(ref, { remove: ids.slice(at, at + 1_300) });
    expect(await known()).toEqual(['stays']);
  });

  it('show what was written before they were asked, while others write, replace and remove', async () => {
    const written = new Set<string>();
    const removed = new Set<string>();
    const writer = async (name: string): Promise<void> => {
      for (let at = 0; at < 60; at += 1) {
        await store.change(ref, { write: [entry(`${name}${at}`), entry(`${name}-same`, [at, 1])], remove: at >= 10 && at % 2 === 0 ? [`${name}${at - 10}`] : [] });
        written.add(`${name}${at}`);
        if (at >= 10 && at % 2 === 0) removed.add(`${name}${at - 10}`);
      }
    };
    const reader = async (): Promise<void> => {
      for (let round = 0; round < 40; round += 1) {
        const [had, lost] = [[...written], new Set(removed)];
        const now = new Set(await known());
        // What the writers remove meanwhile may be there or not.
        for (const id of had) if (!now.has(id)) expect(removed.has(id) || Number(id.slice(1)) < 50).toBe(true);
        for (const id of lost) expect(now.has(id)).toBe(false);
      }
    };
    await Promise.all([writer('a'), writer('b'), reader(), reader()]);
    expect(await known()).toEqual([...written, 'a-same', 'b-same'].filter((id) => !removed.has(id)).sort());
  });

  it('find in Redis what was found by comparing with each', async () => {
    const random = (seed: number): number[] => Array.from({ length: 16 }, (_, index) => Math.sin(seed * 97 + index * 31));
    for (let at = 0; at < 1_000; at += 100) await store.change(ref, { write: Array.from({ length: 100 }, (_, index) => entry(`e${at + index}`, random(at + index + 1))) });
    const query = random(0.5);
    const cosine = (vector: readonly number[]): number => vector.reduce((sum, value, index) => sum + value * (query[index] ?? 0), 0) / Math.hypot(...vector) / Math.hypot(...query);
    const naive = Array.from({ length: 1_000 }, (_, index) => ({ id: `e${index}`, score: cosine(random(index + 1)) })).sort((left, right) => right.score - left.score).slice(0, 50);
    const found = await (await indexes.current(ref)).search({ vector: Float32Array.from(query), model: 'm', limit: 50 });
    expect(found.map(({ head }) => head.id)).toEqual(naive.map(({ id }) => id));
    for (const [index, { score }] of found.entries()) expect(score).toBeCloseTo(naive[index]?.score ?? 0, 5);
  });
});
