import { stringifySearch } from '../search.js';
import { ApiError, apiErrorOf } from './problem.js';

interface Sent {
  method?: 'POST' | 'PUT' | 'DELETE';
  body?: unknown;
  /** Why it is done; it stands in the audit. */
  reason?: string;
  signal?: AbortSignal;
}

/** Reads JSON from the API. `search` becomes the query; absent and empty values are left out. */
export function getJson<Answer>(path: string, search: Record<string, unknown> = {}, signal?: AbortSignal): Promise<Answer> {
  return call<Answer>(`${path}${stringifySearch(search)}`, signal ? { signal } : {});
}

/** Changes something; resolves to what the server answers (undefined for an empty answer). */
export function send<Answer = unknown>(path: string, sent: Sent): Promise<Answer> {
  return call<Answer>(path, sent);
}

async function call<Answer>(path: string, { method, body, reason, signal }: Sent): Promise<Answer> {
  const form = body instanceof FormData;
  const headers: Record<string, string> = { Accept: 'application/json', 'X-Trivet-Client': 'dashboard' };
  if (body !== undefined && !form) headers['Content-Type'] = 'application/json';
  if (reason) headers['X-Trivet-Reason'] = encodeURIComponent(reason);
  const init: RequestInit = { method: method ?? 'GET', headers, credentials: 'same-origin', ...(signal ? { signal } : {}) };
  if (body !== undefined) init.body = form ? body : JSON.stringify(body);
  const response = await fetch(path, init).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    throw new ApiError('Nothing answers at this address: is the stack running? The page tries again by itself.', 0);
  });
  if (!response.ok) throw await apiErrorOf(response);
  const text = await response.text();
  const answer: Answer = text ? JSON.parse(text) : undefined;
  return answer;
}
