import { FAILURES, type FailureCode, type FailureError } from '@trivet/contracts';

/** An error as OpenAI's clients read it. */
export interface OpenAiError {
  error: { message: string; type: string; param: string | null; code: string };
}

const TYPE_BY_STATUS: Readonly<Record<number, string>> = { 401: 'authentication_error', 402: 'insufficient_quota', 403: 'permission_error', 429: 'rate_limit_error' };
/** Names that clients of OpenAI look for. */
const CODES: Partial<Record<FailureCode, string>> = { model_unknown: 'model_not_found', unauthorized: 'invalid_api_key', rate_limited: 'rate_limit_exceeded' };

/** Whether a route is one of OpenAI's, and so is its error. */
export const isOpenAiRoute = (url: string): boolean => url.startsWith('/v1/');

/** OpenAI says 404 to a model there is not. */
export const openAiStatus = ({ failure: { code } }: FailureError): number => (code === 'model_unknown' ? 404 : FAILURES[code].status);

export function openAiError(error: FailureError): OpenAiError {
  const { code, message, hint } = error.failure;
  const status = openAiStatus(error);
  const param = error.errors[0]?.pointer.slice(1).replaceAll('/', '.');
  return { error: { message: hint ? `${message} ${hint}` : message, type: TYPE_BY_STATUS[status] ?? (status < 500 ? 'invalid_request_error' : 'api_error'), param: param || null, code: CODES[code] ?? code } };
}
