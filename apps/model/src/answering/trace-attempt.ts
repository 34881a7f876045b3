import { FailureError } from '@trivet/contracts';
import { ATTRIBUTES, OPERATIONS, recordFailure, withSpan } from '@trivet/telemetry';
import type { ProviderAnswer, ProviderRefusal } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import type { CallRun } from './call-run.js';
import type { Hold } from './hold.js';

/** One span for each vendor attempt; prompts and answers stay out of it. */
export function traceAttempt(run: CallRun, target: Target, hold: Hold, attempt: () => Promise<ProviderAnswer | ProviderRefusal>): Promise<ProviderAnswer | ProviderRefusal> {
  const { prompt, wanted } = run.prepared;
  const { temperature, maxTokens, schema } = hold.request;
  const attributes = {
    [ATTRIBUTES.genAiOperation]: OPERATIONS.chat,
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
  };
  // The offline provider is no other system.
  const kind = target.provider.name === 'local' ? 'internal' : 'client';
  return withSpan(`${OPERATIONS.chat} ${target.vendorModel}`, { kind, attributes }, async (span) => {
    const outcome = await attempt();
    if (outcome.usage) span.setAttributes({ [ATTRIBUTES.genAiInputTokens]: outcome.usage.inputTokens, [ATTRIBUTES.genAiOutputTokens]: outcome.usage.outputTokens });
    if (outcome.status === 'answered') span.setAttributes({ [ATTRIBUTES.genAiResponseModel]: outcome.model, [ATTRIBUTES.genAiFinishReasons]: [outcome.finishReason] });
    else recordFailure(span, new FailureError(outcome.failure.code, outcome.failure.message));
    return outcome;
  });
}
