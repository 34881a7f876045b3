import type { Price } from '../accounting/price.js';

/** A price from a day on; a later entry of the same model replaces it then. */
interface DatedPrice extends Price {
  model: string;
  /** YYYY-MM-DD, UTC. */
  from: string;
}

/**
 * List prices in USD for a million tokens, as the vendors published them. Vendors change them and add models: operators
 * confirm them before they rely on the figures. A configuration's own prices rule over these.
 */
const LIST_PRICES: readonly DatedPrice[] = [
  { model: 'gpt-4o', from: '2024-10-01', inputUsdPerMillion: 2.5, outputUsdPerMillion: 10, cachedInputUsdPerMillion: 1.25 },
  { model: 'gpt-4o-mini', from: '2024-07-18', inputUsdPerMillion: 0.15, outputUsdPerMillion: 0.6, cachedInputUsdPerMillion: 0.075 },
  { model: 'gpt-4.1', from: '2025-04-14', inputUsdPerMillion: 2, outputUsdPerMillion: 8, cachedInputUsdPerMillion: 0.5 },
  { model: 'gpt-4.1-mini', from: '2025-04-14', inputUsdPerMillion: 0.4, outputUsdPerMillion: 1.6, cachedInputUsdPerMillion: 0.1 },
  { model: 'gpt-4.1-nano', from: '2025-04-14', inputUsdPerMillion: 0.1, outputUsdPerMillion: 0.4, cachedInputUsdPerMillion: 0.025 },
  { model: 'gpt-5', from: '2025-08-07', inputUsdPerMillion: 1.25, outputUsdPerMillion: 10, cachedInputUsdPerMillion: 0.125 },
  { model: 'gpt-5-mini', from: '2025-08-07', inputUsdPerMillion: 0.25, outputUsdPerMillion: 2, cachedInputUsdPerMillion: 0.025 },
  { model: 'gpt-5-nano', from: '2025-08-07', inputUsdPerMillion: 0.05, outputUsdPerMillion: 0.4, cachedInputUsdPerMillion: 0.005 },
  { model: 'text-embedding-3-small', from: '2024-01-25', inputUsdPerMillion: 0.02, outputUsdPerMillion: 0 },
  { model: 'text-embedding-3-large', from: '2024-01-25', inputUsdPerMillion: 0.13, outputUsdPerMillion: 0 },
  // Cache writes at the price of five minutes.
  { model: 'claude-haiku-4-5', from: '2025-10-15', inputUsdPerMillion: 1, outputUsdPerMillion: 5, cachedInputUsdPerMillion: 0.1, cacheWriteUsdPerMillion: 1.25 },
  { model: 'claude-sonnet-4-5', from: '2025-09-29', inputUsdPerMillion: 3, outputUsdPerMillion: 15, cachedInputUsdPerMillion: 0.3, cacheWriteUsdPerMillion: 3.75 },
  { model: 'claude-sonnet-4-6', from: '2026-02-17', inputUsdPerMillion: 3, outputUsdPerMillion: 15, cachedInputUsdPerMillion: 0.3, cacheWriteUsdPerMillion: 3.75 },
  { model: 'claude-opus-4-5', from: '2025-11-24', inputUsdPerMillion: 5, outputUsdPerMillion: 25, cachedInputUsdPerMillion: 0.5, cacheWriteUsdPerMillion: 6.25 },
  { model: 'claude-opus-4-6', from: '2026-02-05', inputUsdPerMillion: 5, outputUsdPerMillion: 25, cachedInputUsdPerMillion: 0.5, cacheWriteUsdPerMillion: 6.25 },
  { model: 'gemini-2.5-flash-lite', from: '2025-07-22', inputUsdPerMillion: 0.1, outputUsdPerMillion: 0.4, cachedInputUsdPerMillion: 0.01 },
  { model: 'gemini-2.5-flash', from: '2025-06-17', inputUsdPerMillion: 0.3, outputUsdPerMillion: 2.5, cachedInputUsdPerMillion: 0.03 },
  // Of prompts of up to 200,000 tokens; longer ones cost 2.5 and 15, and who sends such configures that.
  { model: 'gemini-2.5-pro', from: '2025-06-17', inputUsdPerMillion: 1.25, outputUsdPerMillion: 10, cachedInputUsdPerMillion: 0.125 },
  { model: 'gemini-embedding-001', from: '2025-07-14', inputUsdPerMillion: 0.15, outputUsdPerMillion: 0 },
];

/** @returns undefined when the model has no list price on that day */
export function listPrice(model: string, atMs: number): Price | undefined {
  const today = new Date(atMs).toISOString().slice(0, 10);
  const entry = LIST_PRICES.filter((price) => price.model === model && price.from <= today).sort((left, right) => (left.from < right.from ? 1 : -1))[0];
  if (!entry) return undefined;
  const { model: _model, from: _from, ...price } = entry;
  return price;
}

/** What a vendor's key alone gives: a model for each tier, the next smaller as its fallback. */
export const DEFAULT_TIERS = {
  openai: { small: ['gpt-4.1-mini', 'gpt-4.1-nano'], medium: ['gpt-4.1', 'gpt-4.1-mini'], large: ['gpt-5', 'gpt-4.1'] },
  anthropic: { small: ['claude-haiku-4-5'], medium: ['claude-sonnet-4-6', 'claude-haiku-4-5'], large: ['claude-opus-4-6', 'claude-sonnet-4-6'] },
  gemini: { small: ['gemini-2.5-flash-lite'], medium: ['gemini-2.5-flash', 'gemini-2.5-flash-lite'], large: ['gemini-2.5-pro', 'gemini-2.5-flash'] },
} as const;
