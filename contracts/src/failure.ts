import { z } from 'zod';
import { JsonRecord } from './json.js';

interface FailureKind {
  /** Whether trying the same thing again may help; retry is decided from this table and nowhere else. */
  retryable: boolean;
  /** The HTTP status of the problem document. */
  status: number;
  meaning: string;
  /** What the caller can do about it. */
  remedy: string;
}

/** Every failure Trivet ever reports, in one closed table. */
export const FAILURES = {
  invalid_request: { retryable: false, status: 400, meaning: 'The body or a parameter is not of the form this door takes.', remedy: 'Correct what the message names and send it again.' },
  plan_invalid: { retryable: false, status: 400, meaning: 'The plan cannot run as it is written.', remedy: 'Correct every mistake it names; nothing has run.' },
  template_unknown: { retryable: false, status: 400, meaning: 'No template has this name.', remedy: 'Choose one of the templates listed in the message, or send a plan.' },
  unauthorized: { retryable: false, status: 401, meaning: 'The credentials are missing or wrong.', remedy: 'Send a valid API key.' },
  budget_exceeded: { retryable: false, status: 402, meaning: 'An account has not enough left for this call.', remedy: 'Raise the limit of the account named in the message, or wait for its window to end.' },
  forbidden: { retryable: false, status: 403, meaning: 'The caller may not do this.', remedy: 'Ask an operator for the right.' },
  not_found: { retryable: false, status: 404, meaning: 'There is no such thing for this tenant, or no such route.', remedy: 'Check the id, the tenant and the path.' },
  method_not_allowed: { retryable: false, status: 405, meaning: 'The route does not take this method.', remedy: 'See /openapi.json for the methods it takes.' },
  workflow_conflict: { retryable: false, status: 409, meaning: 'A workflow with this id exists with another body.', remedy: 'Choose another workflowId, or send the body it was accepted with.' },
  state_conflict: { retryable: false, status: 409, meaning: 'The workflow is not in a state that allows this.', remedy: 'Look at its status first.' },
  payload_too_large: { retryable: false, status: 413, meaning: 'The body is over the limit.', remedy: 'Send less; a tool can fetch what is large.' },
  unsupported_media_type: { retryable: false, status: 415, meaning: 'The body is not JSON.', remedy: 'Send Content-Type: application/json.' },
  rate_limited: { retryable: true, status: 429, meaning: 'Too many requests in this window.', remedy: 'Wait as long as Retry-After says.' },
  internal: { retryable: true, status: 500, meaning: 'A defect in Trivet.', remedy: 'Report it with the workflow id; the logs have the details.' },
  unavailable: { retryable: true, status: 503, meaning: 'A part Trivet needs (bus, Redis, another service) does not answer.', remedy: 'Try again; see /readyz?verbose for what is missing.' },
  deadline_exceeded: { retryable: false, status: 504, meaning: 'The workflow or step did not end within its time.', remedy: 'Raise deadlineMs or timeoutMs, or do less.' },
  cancelled: { retryable: false, status: 409, meaning: 'It was cancelled.', remedy: 'Submit it again if that was a mistake.' },
  poisoned: { retryable: false, status: 500, meaning: 'Three workers died while running this call.', remedy: 'Look at the dead letter; the call itself probably kills its worker.' },
  approval_denied: { retryable: false, status: 403, meaning: 'A person denied it.', remedy: 'Read the comment of the decision.' },
  approval_expired: { retryable: false, status: 504, meaning: 'Nobody decided in time.', remedy: 'Raise expiresMs, or choose another onExpire.' },
  agent_limit_exceeded: { retryable: false, status: 422, meaning: 'The agent used up its turns, calls or tokens without an answer.', remedy: 'Raise the limit named in the message, or narrow the goal.' },
  map_incomplete: { retryable: false, status: 422, meaning: 'Fewer items of a map step completed than it needs.', remedy: 'Look at the failures of its items; lower atLeast, or raise withinMs.' },
  child_limit_exceeded: { retryable: false, status: 422, meaning: 'The workflow has as many child workflows, or as deep ones, as are allowed.', remedy: 'Do less in one workflow, or use a map step.' },
  expression_invalid: { retryable: false, status: 400, meaning: 'An expression in the plan cannot be evaluated.', remedy: 'Correct the expression; it is JMESPath over goal, input, steps and item.' },
  tool_unknown: { retryable: false, status: 400, meaning: 'No tool has this name.', remedy: 'See GET /api/v1/tools for the names.' },
  tool_input_invalid: { retryable: false, status: 400, meaning: "The input does not match the tool's schema.", remedy: 'Correct the fields listed.' },
  tool_timeout: { retryable: true, status: 504, meaning: 'The tool ran longer than its limit and was ended.', remedy: 'Raise limits.timeoutMs in its manifest, or give it less to do.' },
  tool_memory_exceeded: { retryable: false, status: 500, meaning: 'The tool used more memory than its limit.', remedy: 'Raise limits.memoryMib in its manifest, or give it less to do.' },
  tool_fuel_exhausted: { retryable: false, status: 500, meaning: 'The script used up its instruction budget.', remedy: 'Check it for an endless loop, or split the work.' },
  tool_trapped: { retryable: false, status: 500, meaning: 'The plugin trapped (unreachable code, division by zero, out of bounds, stack overflow).', remedy: 'Correct the plugin.' },
  tool_failed: { retryable: false, status: 500, meaning: 'The tool itself reported a failure.', remedy: 'Read its message.' },
  tool_output_too_large: { retryable: false, status: 500, meaning: 'The tool returned more than its limit.', remedy: 'Raise limits.outputKib in its manifest, or return less.' },
  tool_output_invalid: { retryable: false, status: 500, meaning: "The tool returned nothing, no UTF-8, no JSON, or not what its schema says.", remedy: 'Correct the plugin or its output schema.' },
  tool_host_denied: { retryable: false, status: 403, meaning: 'The tool asked for something its manifest or the policy does not grant.', remedy: 'Grant it in tool.json, ask the operator to change the policy where the message names one, or change the tool.' },
  tool_host_calls_exceeded: { retryable: false, status: 500, meaning: 'The tool made more host calls than its limit.', remedy: 'Raise limits.hostCalls in its manifest, or call less.' },
  tool_crashed: { retryable: true, status: 500, meaning: "The tool's sandbox process died.", remedy: 'Try again; if it happens each time, look at the plugin.' },
  tool_refused: { retryable: false, status: 400, meaning: 'The module was not admitted to the sandbox.', remedy: 'Correct what the rule in the message names.' },
  capability_unavailable: { retryable: false, status: 422, meaning: 'No configured model can do this.', remedy: 'Set OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY, or OPENAI_BASE_URL for a compatible server, and start again.' },
  model_unknown: { retryable: false, status: 400, meaning: 'No endpoint serves this model or tier.', remedy: 'Choose one of the configured models.' },
  model_unpriced: { retryable: false, status: 422, meaning: 'The model has no price, so its cost cannot be bounded.', remedy: 'Give it a price in the model configuration (0 on purpose is allowed).' },
  model_request_invalid: { retryable: false, status: 400, meaning: 'The vendor refused the request as malformed.', remedy: 'Correct the request.' },
  model_unauthorized: { retryable: false, status: 502, meaning: 'The vendor refused our credentials.', remedy: "Check the vendor's key." },
  model_rate_limited: { retryable: true, status: 503, meaning: 'The vendor limits our rate.', remedy: 'It was tried several times. Check the endpoint, then submit it again, or give the step a retry policy.' },
  model_unavailable: { retryable: true, status: 503, meaning: 'The vendor failed or could not be reached.', remedy: 'It was tried several times. Check the endpoint, then submit it again, or give the step a retry policy.' },
  model_timeout: { retryable: true, status: 504, meaning: 'The vendor did not answer in time.', remedy: 'It was tried several times. Check the endpoint, then submit it again, or give the step a retry policy.' },
  model_response_malformed: { retryable: true, status: 502, meaning: "The vendor's answer could not be understood.", remedy: 'It was tried several times. Check the endpoint, then submit it again, or give the step a retry policy.' },
  model_output_invalid: { retryable: false, status: 502, meaning: "The model's answer does not match the schema, also after one repair.", remedy: 'Simplify the schema or choose a larger model.' },
  prompt_unknown: { retryable: false, status: 400, meaning: 'No prompt has this name, version or label.', remedy: 'Choose one that exists.' },
  prompt_variables_invalid: { retryable: false, status: 400, meaning: "The variables do not match the prompt's schema.", remedy: 'Give exactly the variables it names.' },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof FAILURES;
export const FAILURE_CODES = Object.keys(FAILURES) as [FailureCode, ...FailureCode[]];

/** Why a call, a step or a workflow ended without a result. */
export const Failure = z
  .object({
    code: z.enum(FAILURE_CODES).describe('A code of the failure table.'),
    message: z.string().describe('What happened, with the value and the limit.'),
    hint: z.string().optional().describe('How to mend it.'),
    detail: JsonRecord.optional().describe('Figures for programs: limit, value, account …'),
  })
  .meta({ id: 'Failure', description: 'Why something ended without a result' });
export type Failure = z.infer<typeof Failure>;

/** The one error class: carries a Failure from where it happens to the edge that reports it. */
export class FailureError extends Error {
  readonly failure: Failure;
  /** One entry for each mistake, where the code covers several at once. */
  readonly errors: readonly FieldError[];

  constructor(code: FailureCode, message: string, options: { hint?: string; detail?: Failure['detail']; errors?: readonly FieldError[]; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'FailureError';
    this.failure = { code, message, hint: options.hint ?? FAILURES[code].remedy, ...(options.detail ? { detail: options.detail } : {}) };
    this.errors = options.errors ?? [];
  }
}

/** One mistake in a body: where (a JSON pointer) and what. */
export const FieldError = z
  .object({ pointer: z.string().describe('JSON pointer to the field; empty for the body itself.'), detail: z.string() })
  .meta({ id: 'FieldError', description: 'One mistake in a body' });
export type FieldError = z.infer<typeof FieldError>;

/** An error body over HTTP and on the bus: RFC 9457 with our members. */
export const Problem = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    detail: z.string(),
    code: z.enum(FAILURE_CODES),
    workflowId: z.string().optional(),
    hint: z.string().optional(),
    errors: z.array(FieldError).optional(),
  })
  .meta({ id: 'Problem', description: 'An error, as RFC 9457 describes it' });
export type Problem = z.infer<typeof Problem>;

export function problemOf(error: FailureError, workflowId?: string): Problem {
  const { code, message, hint } = error.failure;
  return {
    type: `urn:trivet:failure:${code}`,
    title: FAILURES[code].meaning,
    status: FAILURES[code].status,
    detail: message,
    code,
    ...(workflowId ? { workflowId } : {}),
    ...(hint ? { hint } : {}),
    ...(error.errors.length > 0 ? { errors: [...error.errors] } : {}),
  };
}

/** Turns anything thrown into a FailureError; what we did not foresee becomes `internal` without its inner text. */
export function asFailureError(error: unknown): FailureError {
  if (error instanceof FailureError) return error;
  return new FailureError('internal', 'An unexpected error happened; the log of the service has the details.', { cause: error });
}
