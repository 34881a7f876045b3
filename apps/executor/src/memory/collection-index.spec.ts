import { describe, expect, it } from '@jest/globals';
import type { MemoryHead } from '@trivet/state';
import fc from 'fast-check';
import { createCollectionIndex, type CollectionIndex } from './collection-index.js';

const headOf = (id: string, rest: Partial<MemoryHead> = {}): MemoryHead => ({ id, writtenAtMs: 1, expiresAtMs: null, hash: id, model: 'm', source: { workflowId: 'w', stepId: 's', callId: 'c', tool: 't' }, ...rest });

function cosine(left: readonly number[], right: readonly number[]): number {
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
  return sum(left.map((value, index) => value * (right[index] ?? 0))) / Math.sqrt(sum(left.map((value) => value ** 2)) * sum(right.map((value) => value ** 2)));
}

const found = async (index: CollectionIndex, query: readonly number[], rest: object = {}): Promise<string[]> => (await index.search({ vector: Float32Array.from(query), model: 'm', limit: 10, ...rest })).map(({ head }) => head.id);

describe('the index of a collection', () => {
  it('finds what comparing with each vector finds, in the same order, whatever was replaced and removed before', async () => {
    const vector = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 8, maxLength: 8 }).filter((numbers) => numbers.some((number) => number !== 0));
    const change = fc.record({ id: fc.integer({ min: 0, max: 30 }).map(String), vector: fc.option(vector, { freq: 4 }) });
    await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 60 }), vector, fc.integer({ min: 1, max: 12 }), fc.double({ min: -1, max: 1, noNaN: true }), async (changes, query, limit, minScore) => {
      const index = createCollectionIndex();
      const naive = new Map<string, number[]>();
      for (const each of changes) {
        if (each.vector) index.put(headOf(each.id), Float32Array.from(each.vector));
        else index.remove(each.id);
        if (each.vector) naive.set(each.id, each.vector);
        else naive.delete(each.id);
      }
      const hits = await index.search({ vector: Float32Array.from(query), model: 'm', limit, minScore });
      const expected = [...naive].map(([id, numbers]) => ({ id, score: cosine(query, numbers) })).filter(({ score }) => score >= minScore).sort((left, right) => right.score - left.score).slice(0, limit);
      // Those that are as near may change places by the last digit.
      expect(hits.map(({ score }) => score.toFixed(9))).toEqual(expected.map(({ score }) => score.toFixed(9)));
      for (const { head, score } of hits) expect(cosine(query, naive.get(head.id) ?? [])).toBeCloseTo(score, 9);
      expect(new Set(hits.map(({ head }) => head.id)).size).toBe(hits.length);
      expect(index.size()).toBe(naive.size);
    }), { numRuns: 300 });
  });

  it('is exact beyond one block, and lets others work between blocks', async () => {
    const index = createCollectionIndex();
    const angles = Array.from({ length: 10_000 }, (_, at) => (at * 7_919) % 10_000);
    for (const angle of angles) index.put(headOf(String(angle)), Float32Array.of(Math.cos(angle / 10_000), Math.sin(angle / 10_000)));
    let turns = 0;
    const ticking = setInterval(() => (turns += 1), 0);
    expect(await found(index, [1, 0])).toEqual(['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
    for (let at = 0; at < 5; at += 1) index.remove(String(at));
    expect(await found(index, [1, 0], { limit: 2 })).toEqual(['5', '6']);
    clearInterval(ticking);
    expect(turns).toBeGreaterThan(0);
  });

  it('shows nothing that has expired, and looks only among those that a filter means', async () => {
    let now = 1_000;
    const index = createCollectionIndex(() => now);
    const source = headOf('x').source;
    index.put(headOf('short', { expiresAtMs: 2_000 }), Float32Array.of(1, 0));
    index.put(headOf('stays', { source: { ...source, user: 'ada' } }), Float32Array.of(1, 0.1));
    index.put(headOf('other', { source: { ...source, user: 'bob', workflowId: 'w2' } }), Float32Array.of(1, 0.2));
    expect(await found(index, [1, 0], { limit: 1 })).toEqual(['short']);
    expect(await found(index, [1, 0], { filter: { user: 'bob' } })).toEqual(['other']);
    expect(await found(index, [1, 0], { filter: { user: 'ada', workflowId: 'w2' } })).toEqual([]);
    now = 2_000;
    expect(await found(index, [1, 0], { limit: 1 })).toEqual(['stays']);
    expect([...index.heads()].map(({ id }) => id)).toEqual(['stays', 'other']);
  });

  it('compares no vectors of different models or lengths, and names those that it cannot', async () => {
    const index = createCollectionIndex();
    index.put(headOf('a'), Float32Array.of(1, 0));
    index.put(headOf('b', { model: 'other' }), Float32Array.of(1, 0));
    index.put(headOf('c'), Float32Array.of(1, 0, 0));
    expect(await found(index, [1, 0])).toEqual(['a']);
    expect(index.foreign({ model: 'm', vector: Float32Array.of(1, 0) }).map(({ id }) => id)).toEqual(['b', 'c']);
    index.put(headOf('b'), Float32Array.of(0, 1));
    expect(await found(index, [1, 0])).toEqual(['a', 'b']);
    expect(await found(index, [0, 0])).toEqual([]);
  });

  it('knows about how much memory it takes', () => {
    const index = createCollectionIndex();
    for (let at = 0; at < 100; at += 1) index.put(headOf(String(at % 10)), new Float32Array(512));
    expect(index.bytes()).toBeGreaterThan(10 * 512 * 4);
    expect(index.bytes()).toBeLessThan(10 * 512 * 4 * 2);
    for (let at = 0; at < 10; at += 1) index.remove(String(at));
    expect([index.bytes(), index.size()]).toEqual([0, 0]);
  });
});
