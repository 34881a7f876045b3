import { z } from 'zod';
import type { ProviderUsage } from './provider.js';

/** A count that makes sense: whole, not negative, exact. */
export const TokenCount = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** A part of a count that vendors leave out, send as null, or get wrong: then it is as if they had not said. */
export const TokenPart = TokenCount.nullish().catch(undefined);

export interface ReportedTokens {
  inputTokens: number;
  outputTokens: number;
  cachedInputTokens?: number | null;
  cacheWriteTokens?: number | null;
  reasoningTokens?: number | null;
}

/** Usage as a vendor reports it; a part that is larger than the whole is left out. */
export function reportedUsage({ inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens }: ReportedTokens): ProviderUsage {
  const part = (count: number | null | undefined, whole: number): number | undefined => (count && count <= whole ? count : undefined);
  const cached = part(cachedInputTokens, inputTokens);
  const written = part(cacheWriteTokens, inputTokens - (cached ?? 0));
  const reasoning = part(reasoningTokens, outputTokens);
  return {
    inputTokens,
    outputTokens,
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
    ...(written === undefined ? {} : { cacheWriteTokens: written }),
    ...(reasoning === undefined ? {} : { reasoningTokens: reasoning }),
    source: 'reported',
  };
}
