import { describe, expect, it } from '@jest/globals';
import { chunksOf } from './chunks.js';
import { mergeRankings } from './merge-rankings.js';

describe('merging rankings', () => {
  const hit = (ref: string, snippet: string, score: number) => ({ ref, title: ref, snippet, score });

  it('puts what stands high in both before what stands highest in one, whatever the scores are', () => {
    const words = [hit('a', 'by words', 99), hit('b', 'by words', 1)];
    const meaning = [hit('c', 'by meaning', 0.9), hit('b', 'by meaning', 0.8), hit('d', 'by meaning', 0.7)];
    expect(mergeRankings([words, meaning], 3)).toEqual([hit('b', 'by words', 0.032258), hit('a', 'by words', 0.016393), hit('c', 'by meaning', 0.016393)]);
  });
});

describe('pieces of documents', () => {
  const document = (name: string, text: string) => ({ name, title: `Title of ${name}`, url: null, text });

  it('are whole paragraphs as long as they fit together, in the order of their ids, with the title', () => {
    const paragraph = 'word '.repeat(100).trim();
    const chunks = chunksOf([document('b.md', 'short'), document('a.md', [paragraph, paragraph, paragraph].join('\n\n'))]);
    expect(chunks.map(({ id, text }) => [id, text.length])).toEqual([['a.md#00000', 14 + 2 * 499 + 2], ['a.md#00001', 14 + 499], ['b.md#00000', 14 + 5]]);
    expect(chunks[2]).toEqual({ id: 'b.md#00000', text: 'Title of b.md\nshort', metadata: { ref: 'b.md', title: 'Title of b.md' } });
  });

  it('are never longer than an entry may be, with spaces or without, and lose nothing', () => {
    for (const text of ['語'.repeat(10_000), 'word '.repeat(5_000).trim(), '🌍'.repeat(5_000), `x${'🌍'.repeat(5_000)}`]) {
      const chunks = chunksOf([document('a', text)]);
      expect(Math.max(...chunks.map((chunk) => Buffer.byteLength(chunk.text)))).toBeLessThan(8_192);
      expect(chunks.filter((chunk) => /\p{Surrogate}/u.test(chunk.text))).toEqual([]);
      expect(chunks.map((chunk) => chunk.text.slice(chunk.text.indexOf('\n') + 1)).join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    }
  });

  it('has none of a document without text', () => {
    expect(chunksOf([document('a', ' \n\n ')])).toEqual([]);
  });
});
