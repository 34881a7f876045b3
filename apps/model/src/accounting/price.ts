import { MAX_AMOUNT, NANO_USD_PER_USD } from '@trivet/contracts';

/** What tokens of a model cost. */
export interface Price {
  inputUsdPerMillion: number;
  outputUsdPerMillion: number;
  /** Of input the vendor reads from its cache; absent: as other input. */
  cachedInputUsdPerMillion?: number;
  /** Of input the vendor writes to its cache; absent: as other input. */
  cacheWriteUsdPerMillion?: number;
}

/** Tokens as they are priced; what is cached is part of the input. */
export interface PricedTokens {
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens?: number;
  cacheWriteTokens?: number;
}

export const FREE: Price = { inputUsdPerMillion: 0, outputUsdPerMillion: 0 };

/** In nano-USD, rounded up, so that no number of small calls is free. */
export function costOf(price: Price, { inputTokens, outputTokens, cachedInputTokens = 0, cacheWriteTokens = 0 }: PricedTokens): number {
  const cached = Math.min(cachedInputTokens, inputTokens);
  const written = Math.min(cacheWriteTokens, inputTokens - cached);
  return rounded(
    (inputTokens - cached - written) * nanoUsdPerToken(price.inputUsdPerMillion) +
      cached * nanoUsdPerToken(price.cachedInputUsdPerMillion ?? price.inputUsdPerMillion) +
      written * nanoUsdPerToken(price.cacheWriteUsdPerMillion ?? price.inputUsdPerMillion) +
      outputTokens * nanoUsdPerToken(price.outputUsdPerMillion),
  );
}

/** The most that so many tokens can cost, whatever the vendor does with its cache. */
export const mostCostOf = (price: Price, inputTokens: number, outputTokens: number): number => rounded(inputTokens * dearestInput(price) + outputTokens * nanoUsdPerToken(price.outputUsdPerMillion));

/** The most output tokens whose cost, with that of the input at its dearest, stays within an amount; Infinity where output is free. */
export function outputTokensFor(price: Price, inputTokens: number, nanoUsd: number): number {
  const left = nanoUsd - inputTokens * dearestInput(price);
  if (left < 0) return -1;
  const each = nanoUsdPerToken(price.outputUsdPerMillion);
  return each === 0 ? Number.POSITIVE_INFINITY : Math.floor(left / each);
}

const rounded = (nanoUsd: number): number => Math.min(MAX_AMOUNT, Math.ceil(nanoUsd));

const dearestInput = ({ inputUsdPerMillion, cachedInputUsdPerMillion = 0, cacheWriteUsdPerMillion = 0 }: Price): number => nanoUsdPerToken(Math.max(inputUsdPerMillion, cachedInputUsdPerMillion, cacheWriteUsdPerMillion));

/** 1 USD a million is 1,000 nano-USD a token; rounded so that 0.15 stays 150 and not 149.99999999999997. */
const nanoUsdPerToken = (usdPerMillion: number): number => Math.round(usdPerMillion * NANO_USD_PER_USD) / 1_000_000;
