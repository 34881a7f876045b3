import { describe, expect, it } from '@jest/globals';
import { joinContents, splitContent } from './content-parts.js';

const contentOf = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, at) => (at * 31) % 251);

describe('a content in parts', () => {
  it.each([0, 1, 393_215, 393_216, 393_217, 1_000_000])('of %i bytes comes back whole, in whatever order its parts come', (bytes) => {
    const content = contentOf(bytes);
    const parts = splitContent('a', content);
    const joined = joinContents([...parts, ...splitContent('b', contentOf(7)), ...parts].reverse());
    expect(Buffer.from(joined.get('a') ?? 'missing').equals(content)).toBe(true);
    expect(joined.size).toBe(2);
  });

  it('fits in messages of 1 MiB, also as base64', () => {
    const longest = Math.max(...splitContent('a', contentOf(2_000_000)).map((part) => JSON.stringify(part).length));
    expect(longest).toBeLessThan(1_048_576 * 0.6);
  });

  it('is none while a part is missing', () => {
    expect(joinContents(splitContent('a', contentOf(1_000_000)).slice(1)).size).toBe(0);
  });
});
