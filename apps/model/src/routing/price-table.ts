import type { Price } from '../accounting/price.js';

/** A price from a day on; a later entry of the same model replaces it then. */
interface DatedPrice extends Price {
  model: string;
  /** YYYY-MM-DD, UTC. */
  from: string;
}

/**
 * List prices of OpenAI in USD for a million tokens, without discounts for cached input, so that they are an upper
 * bound. A configuration's own prices rule over these.
 */
const LIST_PRICES: readonly DatedPrice[] = [
  { model: 'gpt-4o', from: '2024-10-01', inputUsdPerMillion: 2.5, outputUsdPerMillion: 10 },
  { model: 'gpt-4o-mini', from: '2024-07-18', inputUsdPerMillion: 0.15, outputUsdPerMillion: 0.6 },
  { model: 'gpt-4.1', from: '2025-04-14', inputUsdPerMillion: 2, outputUsdPerMillion: 8 },
  { model: 'gpt-4.1-mini', from: '2025-04-14', inputUsdPerMillion: 0.4, outputUsdPerMillion: 1.6 },
  { model: 'gpt-4.1-nano', from: '2025-04-14', inputUsdPerMillion: 0.1, outputUsdPerMillion: 0.4 },
  { model: 'gpt-5', from: '2025-08-07', inputUsdPerMillion: 1.25, outputUsdPerMillion: 10 },
  { model: 'gpt-5-mini', from: '2025-08-07', inputUsdPerMillion: 0.25, outputUsdPerMillion: 2 },
  { model: 'gpt-5-nano', from: '2025-08-07', inputUsdPerMillion: 0.05, outputUsdPerMillion: 0.4 },
];

/** @returns undefined when the model has no list price on that day */
export function listPrice(model: string, atMs: number): Price | undefined {
  const today = new Date(atMs).toISOString().slice(0, 10);
  const entry = LIST_PRICES.filter((price) => price.model === model && price.from <= today).sort((left, right) => (left.from < right.from ? 1 : -1))[0];
  return entry && { inputUsdPerMillion: entry.inputUsdPerMillion, outputUsdPerMillion: entry.outputUsdPerMillion };
}

/** What OPENAI_API_KEY alone gives: a model for each tier, the next smaller as its fallback. */
export const OPENAI_DEFAULT_TIERS = {
  small: ['gpt-4.1-mini', 'gpt-4.1-nano'],
  medium: ['gpt-4.1', 'gpt-4.1-mini'],
  large: ['gpt-5', 'gpt-4.1'],
} as const;
