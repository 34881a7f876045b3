import { REASON_HEADER, TENANT_HEADER } from '@trivet/contracts';
import { errorOf, unreachable } from './client-error.js';

export interface HttpOptions {
  /** Where the orchestrator listens, such as http://127.0.0.1:8080. */
  url: string;
  /** Chooses the tenant while no API keys are configured; with a key, the key does, unless it is the operator's. */
  tenant?: string;
  /** The secret of an API key: trv_… */
  apiKey?: string;
  /** Why whatever is changed is changed; it stands in the audit. */
  reason?: string;
  /** Who asks, for the records; `cli` is known to the server. */
  client?: string;
}

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE';
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** JSON, or a form with files. */
  body?: unknown;
  /** In place of a body: a text, whose type `headers` names. */
  text?: string;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
}

/** Sends one request and gives the response when it is a success; throws a ClientError otherwise. */
export type Send = (path: string, request?: Request) => Promise<Response>;

export function createSend(options: HttpOptions): Send {
  const base = options.url.replace(/\/+$/, '');
  const identity = { ...(options.tenant ? { [TENANT_HEADER]: options.tenant } : {}), ...(options.apiKey ? { Authorization: `Bearer ${options.apiKey}` } : {}), ...(options.client ? { 'X-Trivet-Client': options.client } : {}), ...(options.reason ? { [REASON_HEADER]: encodeURIComponent(options.reason) } : {}) };
  return async (path, request = {}) => {
    // A form names its own type, with the border between its parts.
    const isForm = request.body instanceof FormData;
    const headers = { Accept: 'application/json', ...identity, ...(request.text !== undefined || request.body === undefined || isForm ? {} : { 'Content-Type': 'application/json' }), ...request.headers };
    const body = request.body instanceof FormData ? request.body : request.body === undefined ? request.text : JSON.stringify(request.body);
    const response = await fetch(base + path + queryText(request.query), { method: request.method ?? 'GET', headers, body, signal: request.signal }).catch((error: unknown) => {
      if (request.signal?.aborted) throw error;
      throw unreachable(base, error);
    });
    if (!response.ok) throw await errorOf(response);
    return response;
  };
}

function queryText(query: Request['query'] = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined);
  const text = new URLSearchParams(Object.fromEntries(given.map(([name, value]) => [name, String(value)]))).toString();
  return text ? `?${text}` : '';
}
