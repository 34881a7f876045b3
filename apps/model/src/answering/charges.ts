import type { Usage } from '@trivet/contracts';
import { costOf } from '../accounting/price.js';
import type { ProviderAnswer, ProviderRefusal, ProviderRequest, ProviderUsage } from '../providers/provider.js';
import type { Target } from '../routing/router.js';

/** What the attempts of a call have cost so far, those of workers before us included. */
export interface Charges {
  inputTokens: number;
  outputTokens: number;
  costNanoUsd: number;
  cachedInputTokens: number;
  reasoningTokens: number;
  attempts: number;
  source: Usage['source'];
  /** <endpoint>/<model> of the last attempt whose target is known. */
  model?: string;
}

export const noCharges = (): Charges => ({ inputTokens: 0, outputTokens: 0, costNanoUsd: 0, cachedInputTokens: 0, reasoningTokens: 0, attempts: 0, source: 'reported' });

export const usageOf = ({ cachedInputTokens, reasoningTokens, ...charges }: Charges): Usage => ({
  ...charges,
  totalTokens: charges.inputTokens + charges.outputTokens,
  ...(cachedInputTokens > 0 ? { cachedInputTokens } : {}),
  ...(reasoningTokens > 0 ? { reasoningTokens } : {}),
});

export function addAttempt(charges: Charges, usage: ProviderUsage, costNanoUsd: number, model?: string): Charges {
  return {
    inputTokens: charges.inputTokens + usage.inputTokens,
    outputTokens: charges.outputTokens + usage.outputTokens,
    costNanoUsd: charges.costNanoUsd + costNanoUsd,
    cachedInputTokens: charges.cachedInputTokens + (usage.cachedInputTokens ?? 0),
    reasoningTokens: charges.reasoningTokens + (usage.reasoningTokens ?? 0),
    attempts: charges.attempts + 1,
    source: usage.source === 'estimated' ? 'estimated' : charges.source,
    ...(model === undefined ? charges.model === undefined ? {} : { model: charges.model } : { model }),
  };
}

/**
 * What an attempt has used. An answer: what the vendor reports, else an estimate. A failure: the larger of what was
 * reported and of the input with the text that arrived, so that aborting does not make a call free.
 */
export async function attemptUsage(target: Target, request: ProviderRequest, outcome: ProviderAnswer | ProviderRefusal, embedded: readonly string[] = []): Promise<ProviderUsage> {
  if (outcome.status === 'answered' && outcome.usage) return outcome.usage;
  const texts = [...request.messages.map(({ content, toolCalls }) => content + (toolCalls ? JSON.stringify(toolCalls) : '')), definitionsOf(request), ...embedded].filter(Boolean);
  const inputs = await Promise.all(texts.map((text) => target.provider.estimateTokens(text, request.model)));
  const text = outcome.status === 'answered' ? outcome.text + (outcome.toolCalls ? JSON.stringify(outcome.toolCalls) : '') : outcome.partialText + (outcome.partialArguments ?? '');
  const estimated = { inputTokens: inputs.reduce((sum, tokens) => sum + tokens, 0) + imageTokensOf(request, target), outputTokens: text ? await target.provider.estimateTokens(text, request.model) : 0 };
  return {
    inputTokens: Math.max(estimated.inputTokens, outcome.usage?.inputTokens ?? 0),
    outputTokens: Math.max(estimated.outputTokens, outcome.usage?.outputTokens ?? 0),
    source: 'estimated',
  };
}

const definitionsOf = ({ tools, schema }: ProviderRequest): string => ((tools?.length ?? 0) > 0 || schema ? JSON.stringify({ tools, schema }) : '');

/** No tokenizer counts images: the most they can be. */
export const imageTokensOf = ({ messages }: Pick<ProviderRequest, 'messages'>, { imageTokens }: Target): number => messages.reduce((sum, { images }) => sum + (images?.length ?? 0) * imageTokens, 0);

export const attemptCost = (target: Target, usage: ProviderUsage): number => costOf(target.price, usage);
