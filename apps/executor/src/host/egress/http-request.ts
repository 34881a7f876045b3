/** A plugin's HTTP request after it was read leniently and cleaned: nothing in it can break out of its field. */
export interface CleanRequest {
  url: string;
  method: string;
  headers: Record<string, string>;
  body: string | null;
  timeoutMs: number;
}

const METHODS = new Set(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']);
export const MAX_TIMEOUT_MS = 15_000;
const MAX_HEADERS = 50;

/** Headers that are the host's to set, or that would let a plugin speak for somebody else. */
const REFUSED_HEADERS = /^(host|authorization|proxy-.*|cookie|connection|keep-alive|transfer-encoding|te|trailer|upgrade|content-length|expect|forwarded|x-forwarded-.*|x-real-ip|x-workflow-id|traceparent|tracestate|via|metadata-flavor|x-aws-ec2-metadata-.*)$/i;

/** Reads a request. Never throws: what is missing or wrong becomes something that the guard refuses. */
export function readHttpRequest(request: unknown): CleanRequest {
  const of = (name: string): unknown => (typeof request === 'object' && request !== null && Object.hasOwn(request, name) ? Reflect.get(request, name) : undefined);
  const [url, method, body, timeout] = [of('url'), of('method'), of('body'), of('timeoutMs')];
  const wanted = typeof method === 'string' ? method.toUpperCase() : 'GET';
  return {
    url: typeof url === 'string' ? url : '',
    method: METHODS.has(wanted) ? wanted : 'GET',
    headers: cleanHeaders(of('headers')),
    body: typeof body === 'string' && wanted !== 'GET' && wanted !== 'HEAD' ? body : null,
    timeoutMs: typeof timeout === 'number' && timeout > 0 ? Math.min(timeout, MAX_TIMEOUT_MS) : MAX_TIMEOUT_MS,
  };
}

function cleanHeaders(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  const clean = Object.entries(headers).filter(([name, value]) => typeof value === 'string' && /^[A-Za-z0-9-]{1,64}$/.test(name) && /^[\x20-\x7e]{0,4096}$/.test(value) && !REFUSED_HEADERS.test(name));
  return Object.fromEntries(clean.slice(0, MAX_HEADERS).map(([name, value]) => [name.toLowerCase(), String(value)]));
}
