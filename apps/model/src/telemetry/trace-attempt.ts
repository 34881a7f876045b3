import { SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import type { CallRun } from '../answering/call-run.js';
import type { Hold } from '../answering/hold.js';
import type { ProviderAnswer, ProviderRefusal } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import { GEN_AI, TRIVET } from './gen-ai.js';

const tracer = trace.getTracer('trivet.model');

/** One span for each vendor attempt; prompts and answers stay out of it. */
export function traceAttempt(run: CallRun, target: Target, hold: Hold, attempt: () => Promise<ProviderAnswer | ProviderRefusal>): Promise<ProviderAnswer | ProviderRefusal> {
  const { prompt } = run.prepared;
  const attributes = {
    [GEN_AI.operation]: 'chat',
    [GEN_AI.provider]: target.provider.name,
    [GEN_AI.requestModel]: target.vendorModel,
    [GEN_AI.requestMaxTokens]: hold.request.maxTokens,
    [GEN_AI.outputType]: hold.request.schema ? 'json' : 'text',
    ...(hold.request.temperature === undefined ? {} : { [GEN_AI.requestTemperature]: hold.request.temperature }),
    ...(prompt ? { [GEN_AI.promptName]: prompt.name, [GEN_AI.promptVersion]: prompt.version } : {}),
    [TRIVET.workflowId]: run.call.workflowId,
    [TRIVET.tenant]: run.call.tenant,
    [TRIVET.callId]: run.call.callId,
    [TRIVET.reservationId]: hold.reservationId,
    [TRIVET.endpoint]: target.endpoint,
  };
  const kind = target.provider.name === 'local' ? SpanKind.INTERNAL : SpanKind.CLIENT;
  return tracer.startActiveSpan(`chat ${target.vendorModel}`, { kind, attributes }, async (span) => {
    try {
      const outcome = await attempt();
      describe(span, outcome);
      return outcome;
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR }).setAttribute(GEN_AI.errorType, 'internal');
      throw error;
    } finally {
      span.end();
    }
  });
}

function describe(span: Span, outcome: ProviderAnswer | ProviderRefusal): void {
  if (outcome.usage) span.setAttributes({ [GEN_AI.inputTokens]: outcome.usage.inputTokens, [GEN_AI.outputTokens]: outcome.usage.outputTokens });
  if (outcome.status === 'answered') {
    span.setAttributes({ [GEN_AI.responseModel]: outcome.model, [GEN_AI.finishReasons]: [outcome.finishReason] });
    return;
  }
  span.setStatus({ code: SpanStatusCode.ERROR, message: outcome.failure.message }).setAttribute(GEN_AI.errorType, outcome.failure.code);
}
