import { MAX_AMOUNT, NANO_USD_PER_USD } from '@trivet/contracts';

/** What tokens of a model cost. */
export interface Price {
  inputUsdPerMillion: number;
  outputUsdPerMillion: number;
}

export const FREE: Price = { inputUsdPerMillion: 0, outputUsdPerMillion: 0 };

/** In nano-USD, rounded up, so that no number of small calls is free. */
export function costOf(price: Price, inputTokens: number, outputTokens: number): number {
  return Math.min(MAX_AMOUNT, Math.ceil(inputTokens * nanoUsdPerToken(price.inputUsdPerMillion) + outputTokens * nanoUsdPerToken(price.outputUsdPerMillion)));
}

/** The most output tokens whose cost, with that of the input, stays within an amount; Infinity where output is free. */
export function outputTokensFor(price: Price, inputTokens: number, nanoUsd: number): number {
  const left = nanoUsd - inputTokens * nanoUsdPerToken(price.inputUsdPerMillion);
  if (left < 0) return -1;
  const each = nanoUsdPerToken(price.outputUsdPerMillion);
  return each === 0 ? Number.POSITIVE_INFINITY : Math.floor(left / each);
}

/** 1 USD a million is 1,000 nano-USD a token; rounded so that 0.15 stays 150 and not 149.99999999999997. */
const nanoUsdPerToken = (usdPerMillion: number): number => Math.round(usdPerMillion * NANO_USD_PER_USD) / 1_000_000;
