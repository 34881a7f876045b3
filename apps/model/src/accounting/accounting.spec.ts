import fc from 'fast-check';
import { countLocalTokens, cutToLocalTokens } from './local-tokens.js';
import { FREE, costOf, outputTokensFor } from './price.js';

const price = fc.record({ inputUsdPerMillion: fc.integer({ min: 0, max: 20_000 }).map((mills) => mills / 1_000), outputUsdPerMillion: fc.integer({ min: 1, max: 100_000 }).map((mills) => mills / 1_000) });
const tokens = fc.nat(1_000_000);

describe('cost', () => {
  it('is in nano-USD, exact for prices in mills and rounded up otherwise', () => {
    expect(costOf({ inputUsdPerMillion: 0.15, outputUsdPerMillion: 0.6 }, 1_000, 500)).toBe(150_000 + 300_000);
    expect(costOf({ inputUsdPerMillion: 0.0001, outputUsdPerMillion: 0 }, 1, 0)).toBe(1);
    expect(costOf(FREE, 1_000_000, 1_000_000)).toBe(0);
  });

  it('of the output that fits an amount stays within it, and one token more does not', () => {
    fc.assert(fc.property(price, tokens, fc.nat(1_000_000_000), (prices, input, nanoUsd) => {
      const output = outputTokensFor(prices, input, nanoUsd);
      if (output < 0) return expect(costOf(prices, input, 0)).toBeGreaterThan(nanoUsd);
      expect(costOf(prices, input, output)).toBeLessThanOrEqual(nanoUsd);
      expect(costOf(prices, input, output + 1)).toBeGreaterThan(nanoUsd);
    }));
  });
});

describe('tokens of the offline provider', () => {
  it('are about what tokenizers give, in English and Chinese', () => {
    expect(countLocalTokens('The quick brown fox jumps over the lazy dog.')).toBe(13);
    expect(countLocalTokens('敏捷的棕色狐狸')).toBe(8);
    expect(countLocalTokens('')).toBe(0);
  });

  it('never exceed what a text is cut to, nor cut more than needed', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.nat(60), (text, most) => {
      const cut = cutToLocalTokens(text, most);
      expect(text.startsWith(cut)).toBe(true);
      expect(countLocalTokens(cut)).toBeLessThanOrEqual(most);
      const [next] = text.slice(cut.length);
      if (next !== undefined) expect(countLocalTokens(cut + next)).toBeGreaterThan(most);
    }));
  });
});
