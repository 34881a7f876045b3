import { FailureError } from '@trivet/contracts';
import { ATTRIBUTES, OPERATIONS, recordFailure, withSpan } from '@trivet/telemetry';
import type { ProviderAnswer, ProviderRefusal, ProviderUsage } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import type { CallRun } from './call-run.js';
import type { Hold } from './hold.js';

/** One span for each vendor attempt; prompts and answers stay out of it unless the operator asked for them. */
export function traceAttempt(run: CallRun, target: Target, hold: Hold, attempt: () => Promise<ProviderAnswer | ProviderRefusal>): Promise<ProviderAnswer | ProviderRefusal> {
  const { prompt, wanted, embed } = run.prepared;
  const { capture } = run.context;
  const operation = embed ? OPERATIONS.embeddings : OPERATIONS.chat;
  const { temperature, maxTokens, schema } = hold.request;
  const attributes = {
    [ATTRIBUTES.genAiOperation]: operation,
    [ATTRIBUTES.genAiProvider]: target.provider.name,
    [ATTRIBUTES.genAiRequestModel]: target.vendorModel,
    [ATTRIBUTES.genAiRequestMaxTokens]: maxTokens,
    [ATTRIBUTES.genAiOutputType]: schema ? 'json' : 'text',
    ...(temperature === undefined ? {} : { [ATTRIBUTES.genAiRequestTemperature]: temperature }),
    ...(prompt ? { [ATTRIBUTES.genAiPromptName]: prompt.name, [ATTRIBUTES.genAiPromptVersion]: prompt.version } : {}),
    ...(wanted.tier ? { [ATTRIBUTES.modelTier]: wanted.tier } : {}),
    [ATTRIBUTES.callId]: hold.reservationId,
    [ATTRIBUTES.attempt]: run.attempts,
    [ATTRIBUTES.breakerState]: target.breaker.state(),
    ...capture?.input(hold.request, embed?.inputs),
  };
  // The offline provider is no other system.
  const kind = target.provider.name === 'local' ? 'internal' : 'client';
  return withSpan(`${operation} ${target.vendorModel}`, { kind, attributes }, async (span) => {
    const outcome = await attempt();
    if (outcome.usage) span.setAttributes(usageAttributes(outcome.usage));
    if (capture && !embed) span.setAttributes(capture.output(outcome));
    if (outcome.status === 'answered') span.setAttributes({ [ATTRIBUTES.genAiResponseModel]: outcome.model, [ATTRIBUTES.genAiFinishReasons]: [outcome.finishReason] });
    else recordFailure(span, new FailureError(outcome.failure.code, outcome.failure.message));
    return outcome;
  });
}

const usageAttributes = ({ inputTokens, outputTokens, cachedInputTokens, cacheWriteTokens, reasoningTokens }: ProviderUsage): Record<string, number> => ({
  [ATTRIBUTES.genAiInputTokens]: inputTokens,
  [ATTRIBUTES.genAiOutputTokens]: outputTokens,
  ...(cachedInputTokens === undefined ? {} : { [ATTRIBUTES.genAiCacheReadTokens]: cachedInputTokens }),
  ...(cacheWriteTokens === undefined ? {} : { [ATTRIBUTES.genAiCacheWriteTokens]: cacheWriteTokens }),
  ...(reasoningTokens === undefined ? {} : { [ATTRIBUTES.genAiReasoningTokens]: reasoningTokens }),
});
