import { FAILURES, type Failure, type FailureCode } from '@trivet/contracts';
import { z } from 'zod';
import type { ProviderRefusal } from './provider.js';

/** What a refusal says of the attempt. */
export interface Attempted {
  endpoint: string;
  /** Taken out of whatever the vendor says. */
  apiKey?: string;
  /** Text that had arrived before it failed. */
  partialText: string;
  /** We do not want the answer any more. A vendor that says the same of itself has failed. */
  isStopped?: boolean;
  nowMs: number;
}

/** What an error of the SDK has that matters; it is read, not matched by class, since the SDK is loaded lazily. */
const VendorError = z.object({
  name: z.string().optional(),
  status: z.number().int().optional(),
  code: z.string().nullish().catch(undefined),
  message: z.string().default(''),
  /** The body, where the SDK puts the whole of it in the message too. */
  error: z.object({ error: z.object({ message: z.string() }) }).optional().catch(undefined),
  headers: z.instanceof(Headers).optional().catch(undefined),
  cause: z.unknown().optional(),
});

/** No vendor waits this long; the next endpoint is tried instead. */
const QUOTA_WAIT_MS = 3_600_000;
/** The connection was never made, so nothing can have been spent. */
const NEVER_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT']);

/**
 * Turns what the SDK throws into our failure. A status the vendor answers with costs nothing; a connection that broke,
 * or an answer that cannot be read, may have.
 */
export function refusalOf(error: unknown, attempted: Attempted): ProviderRefusal {
  const { name, status, code, message, error: body, headers, cause } = VendorError.catch({ message: '', cause: undefined }).parse(error);
  const fail = (failureCode: FailureCode, text: string, spent: boolean): ProviderRefusal => ({
    status: 'failed',
    failure: failure(failureCode, `Endpoint ${attempted.endpoint} ${text}`),
    spent: spent || attempted.partialText !== '',
    partialText: attempted.partialText,
  });
  const said = quoted(body?.error.message ?? message, attempted.apiKey);
  if (status !== undefined) {
    const refused = fail(codeOfStatus(status), status === 401 || status === 403 ? `refused our credentials (HTTP ${status}).` : `answered HTTP ${status}${said}.`, false);
    const retryAfterMs = code === 'insufficient_quota' ? QUOTA_WAIT_MS : retryAfterOf(headers, attempted.nowMs);
    return retryAfterMs === undefined ? refused : { ...refused, retryAfterMs };
  }
  // By name: what the runtime itself throws need not be of this realm's class.
  if (name === 'SyntaxError' || error instanceof z.ZodError) return fail('model_response_malformed', 'gave an answer that could not be read.', true);
  const reason = rootCode(cause) ?? rootCode(error);
  if (attempted.isStopped) return fail('cancelled', 'was asked to stop.', true);
  return fail('model_unavailable', `could not be reached or broke off${reason ? ` (${reason})` : said}.`, reason === undefined || !NEVER_SENT.has(reason));
}

const failure = (code: FailureCode, message: string): Failure => ({ code, message, hint: FAILURES[code].remedy });

function codeOfStatus(status: number): FailureCode {
  if (status === 401 || status === 403) return 'model_unauthorized';
  if (status === 404) return 'model_unknown';
  if (status === 408) return 'model_timeout';
  if (status === 402 || status === 429) return 'model_rate_limited';
  return status >= 400 && status < 500 && status !== 409 ? 'model_request_invalid' : 'model_unavailable';
}

/** `retry-after-ms`, or `retry-after` in seconds or as a date (RFC 9110 §10.2.3). */
export function retryAfterOf(headers: Headers | undefined, nowMs: number): number | undefined {
  const exact = Number(headers?.get('retry-after-ms') ?? Number.NaN);
  if (Number.isFinite(exact) && exact >= 0) return exact;
  const text = headers?.get('retry-after');
  if (!text) return undefined;
  const seconds = Number(text);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1_000);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - nowMs);
}

/** The vendor's own words, short, without anything that looks like a key. */
function quoted(message: string, apiKey: string | undefined): string {
  const words = message.replace(/^\d{3}\s*/, '').trim();
  const safe = (apiKey && apiKey.length >= 4 ? words.replaceAll(apiKey, '[key]') : words).replace(/\b(sk|key|Bearer)[-_ ][A-Za-z0-9*_.-]{4,}/g, '[key]').slice(0, 300);
  return safe ? `: ${safe.replace(/[.\s]+$/, '')}` : '';
}

/** The code at the bottom of a chain of causes, such as ECONNREFUSED; of several errors at once that of the first. */
function rootCode(error: unknown, depth = 0): string | undefined {
  const { data } = Cause.safeParse(error);
  if (!data || depth > 5) return undefined;
  return rootCode(data.errors?.[0], depth + 1) ?? rootCode(data.cause, depth + 1) ?? data.code;
}
const Cause = z.object({ code: z.string().optional().catch(undefined), cause: z.unknown().optional(), errors: z.array(z.unknown()).optional().catch(undefined) });
