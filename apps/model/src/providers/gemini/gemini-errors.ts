import { z } from 'zod';
import type { SeenResponse } from './gemini-client.js';

/** The body of an error (google.rpc.Status), which the SDK puts into its message as JSON. */
const Body = z.object({
  error: z.object({
    message: z.string().default(''),
    details: z.array(z.object({ reason: z.string().optional().catch(undefined), retryDelay: z.string().optional().catch(undefined) })).default([]).catch([]),
  }),
});

/** Of plain errors of the SDK: an answer that could not be read. */
const UNREADABLE = /^(Incomplete JSON segment|exception parsing stream chunk|Response body is empty)/;

/** What the SDK throws, in the form that refusals are made from: status, headers and the vendor's own words. */
export function readableError(error: unknown, { status, headers }: SeenResponse): unknown {
  const message = error instanceof Error ? error.message : '';
  if (status !== undefined && status >= 400) return refused(status, headers, bodyOf(message));
  if (UNREADABLE.test(message)) return new SyntaxError(message);
  // An error in the middle of an answer: the vendor had begun to work on it, so its status says nothing about the cost.
  if (error instanceof Error && error.name === 'ApiError') return new Error(bodyOf(message)?.message ?? message);
  return error;
}

function refused(status: number, headers: Headers | undefined, body: z.infer<typeof Body>['error'] | undefined): object {
  // A wrong key is answered as a bad request.
  const isBadKey = body?.details.some(({ reason }) => reason === 'API_KEY_INVALID') ?? false;
  return { status: isBadKey ? 401 : status, message: body?.message ?? '', headers: withRetryDelay(headers, body) };
}

/** RetryInfo says in the body (`7s`, `0.5s`) what other vendors say in a header. */
function withRetryDelay(headers: Headers | undefined, body: z.infer<typeof Body>['error'] | undefined): Headers {
  const all = new Headers(headers);
  const delay = body?.details.map(({ retryDelay }) => /^(\d+(?:\.\d+)?)s$/.exec(retryDelay ?? '')?.[1]).find((seconds) => seconds !== undefined);
  if (delay !== undefined && !all.has('retry-after')) all.set('retry-after', delay);
  return all;
}

function bodyOf(message: string): z.infer<typeof Body>['error'] | undefined {
  try {
    return Body.safeParse(JSON.parse(message.slice(Math.max(0, message.indexOf('{'))))).data?.error;
  } catch {
    return undefined;
  }
}
