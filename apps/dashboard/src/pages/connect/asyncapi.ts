import { queryOptions } from '@tanstack/react-query';
import { getJson } from '../../api/http.js';

/** What this page reads of the description of the bus. */
export interface AsyncApi {
  servers: Record<string, { host: string; protocol: string }>;
  channels: Record<string, Channel>;
}

export interface Channel {
  address: string;
  'x-trivet': { purpose: string; from: string; to: string; stream: string | null };
  messages?: Record<string, unknown>;
}

export const asyncapiQuery = queryOptions({ queryKey: ['asyncapi'], queryFn: ({ signal }) => getJson<AsyncApi>('/asyncapi.json', {}, signal), staleTime: Infinity, refetchInterval: false });

/** The JSON Schema of a message's body, or what stands in its place. */
export function bodySchema(document: AsyncApi, message: unknown): unknown {
  const found = followed(document, message);
  return isObject(found) && 'payload' in found ? followed(document, found['payload']) : found;
}

/** References of one into the other end soon; so many are followed at most. */
const MOST_REFERENCES = 5;

/** What a reference into the document stands for. */
function followed(document: AsyncApi, value: unknown): unknown {
  let at = value;
  for (let depth = 0; depth < MOST_REFERENCES && isObject(at) && typeof at['$ref'] === 'string'; depth += 1) at = valueAt(document, at['$ref']);
  return at;
}

function valueAt(document: unknown, pointer: string): unknown {
  const path = pointer.replace(/^#\//, '').split('/').map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return path.reduce<unknown>((at, part) => (isObject(at) ? at[part] : undefined), document);
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
