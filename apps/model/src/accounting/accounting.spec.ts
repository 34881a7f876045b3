import fc from 'fast-check';
import { mostImageTokens } from './image-tokens.js';
import { countLocalTokens, cutToLocalTokens } from './local-tokens.js';
import { FREE, costOf, mostCostOf, outputTokensFor } from './price.js';

const price = fc.record({ inputUsdPerMillion: fc.integer({ min: 0, max: 20_000 }).map((mills) => mills / 1_000), outputUsdPerMillion: fc.integer({ min: 1, max: 100_000 }).map((mills) => mills / 1_000) });
const cachePrice = fc.record({ cachedInputUsdPerMillion: fc.option(fc.integer({ min: 0, max: 20_000 }).map((mills) => mills / 1_000), { nil: undefined }), cacheWriteUsdPerMillion: fc.option(fc.integer({ min: 0, max: 40_000 }).map((mills) => mills / 1_000), { nil: undefined }) });
const tokens = fc.nat(1_000_000);

describe('cost', () => {
  it('is in nano-USD, exact for prices in mills and rounded up otherwise', () => {
    expect(costOf({ inputUsdPerMillion: 0.15, outputUsdPerMillion: 0.6 }, { inputTokens: 1_000, outputTokens: 500 })).toBe(150_000 + 300_000);
    expect(costOf({ inputUsdPerMillion: 0.0001, outputUsdPerMillion: 0 }, { inputTokens: 1, outputTokens: 0 })).toBe(1);
    expect(costOf(FREE, { inputTokens: 1_000_000, outputTokens: 1_000_000 })).toBe(0);
  });

  it('takes what the vendor cached at its own price', () => {
    const prices = { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cachedInputUsdPerMillion: 0.3, cacheWriteUsdPerMillion: 3.75 };
    expect(costOf(prices, { inputTokens: 1_000, outputTokens: 0, cachedInputTokens: 600, cacheWriteTokens: 300 })).toBe(100 * 3_000 + 600 * 300 + 300 * 3_750);
  });

  it('is never negative and never above the most that was held for it, whatever is said to be cached', () => {
    fc.assert(fc.property(price, cachePrice, tokens, tokens, tokens, tokens, (prices, cachePrices, inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens) => {
      const all = { ...prices, ...cachePrices };
      const cost = costOf(all, { inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens });
      expect(cost).toBeGreaterThanOrEqual(0);
      expect(cost).toBeLessThanOrEqual(mostCostOf(all, inputTokens, outputTokens));
    }));
  });

  it('of the output that fits an amount stays within it, and one token more does not', () => {
    fc.assert(fc.property(price, tokens, fc.nat(1_000_000_000), (prices, input, nanoUsd) => {
      const output = outputTokensFor(prices, input, nanoUsd);
      if (output < 0) return expect(mostCostOf(prices, input, 0)).toBeGreaterThan(nanoUsd);
      expect(mostCostOf(prices, input, output)).toBeLessThanOrEqual(nanoUsd);
      expect(mostCostOf(prices, input, output + 1)).toBeGreaterThan(nanoUsd);
    }));
  });
});

describe('images', () => {
  it('are bounded by the most they can count, whatever their size', () => {
    expect(mostImageTokens('gpt-4o')).toBe(5_000);
    expect(mostImageTokens('gpt-4o-mini-2024')).toBe(50_000);
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
