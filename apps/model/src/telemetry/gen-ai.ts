/**
 * Names of the OpenTelemetry GenAI conventions (open-telemetry/semantic-conventions-genai, status Development): kept in
 * one place, since they still move.
 */
export const GEN_AI = {
  operation: 'gen_ai.operation.name',
  provider: 'gen_ai.provider.name',
  requestModel: 'gen_ai.request.model',
  requestMaxTokens: 'gen_ai.request.max_tokens',
  requestTemperature: 'gen_ai.request.temperature',
  outputType: 'gen_ai.output.type',
  promptName: 'gen_ai.prompt.name',
  promptVersion: 'gen_ai.prompt.version',
  responseModel: 'gen_ai.response.model',
  finishReasons: 'gen_ai.response.finish_reasons',
  timeToFirstChunk: 'gen_ai.response.time_to_first_chunk',
  inputTokens: 'gen_ai.usage.input_tokens',
  outputTokens: 'gen_ai.usage.output_tokens',
  errorType: 'error.type',
} as const;

/** Ours: on every span of a workflow. */
export const TRIVET = {
  workflowId: 'trivet.workflow.id',
  tenant: 'trivet.tenant',
  callId: 'trivet.call.id',
  reservationId: 'trivet.reservation.id',
  endpoint: 'trivet.model.endpoint',
} as const;
