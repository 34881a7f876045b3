import { FailureError, MOST_JSON_DEPTH, type JsonValue } from '@trivet/contracts';
import { KV_LIMITS, type KvStore, type WorkflowRef } from '@trivet/state';
import { jsonDepth } from '../json-depth.js';
import type { InjectedFunction } from './host-functions.js';

export type KvRequest = { op: 'get' | 'delete'; key: string } | { op: 'set'; key: string; value: JsonValue } | { op: 'list'; prefix: string };

/**
 * The host function `kv`: small state of the call's workflow, shared by all its tools that are granted it. Which workflow is said by
 * the call and never by the request, so there is no request that reaches another's.
 */
export function createKv(store: KvStore): InjectedFunction {
  return async ({ tenant, workflowId }, request) => {
    try {
      return { value: await answer(store, { tenant, workflowId }, readKvRequest(request)) };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const { code, message, detail } = error.failure;
      return { error: { code, message, ...(detail ? { detail } : {}) } };
    }
  };
}

async function answer(store: KvStore, ref: WorkflowRef, request: KvRequest): Promise<JsonValue> {
  switch (request.op) {
    case 'get':
      return store.get(ref, request.key);
    case 'set':
      await store.set(ref, request.key, request.value);
      return null;
    case 'delete':
      return store.delete(ref, request.key);
    case 'list':
      return store.list(ref, request.prefix);
    default:
      return request satisfies never;
  }
}

const OPERATIONS = ['get', 'set', 'delete', 'list'] as const;
const KEY = /^[A-Za-z0-9_.:/-]+$/;

/** @throws FailureError invalid_request, payload_too_large: each with the value and the limit */
export function readKvRequest(request: JsonValue): KvRequest {
  const of = request !== null && typeof request === 'object' && !Array.isArray(request) ? request : {};
  const op = OPERATIONS.find((known) => known === of['op']);
  if (!op) throw new FailureError('invalid_request', `kv knows ${OPERATIONS.join(', ')}, not ${shown(of['op'])}.`);
  if (op === 'list') return { op, prefix: of['prefix'] === undefined || of['prefix'] === '' ? '' : readKey(of['prefix'], 'prefix') };
  const key = readKey(of['key'], 'key');
  return op === 'set' ? { op, key, value: readValue(key, of['value']) } : { op, key };
}

function readKey(key: JsonValue | undefined, what: 'key' | 'prefix'): string {
  if (typeof key !== 'string' || key === '') throw new FailureError('invalid_request', `The ${what} of kv must be a text of 1 to ${KV_LIMITS.keyLength} characters; it is ${shown(key)}.`);
  if (key.length > KV_LIMITS.keyLength) throw new FailureError('invalid_request', `The ${what} ${shown(key)} has ${key.length} characters; the limit of kv is ${KV_LIMITS.keyLength}.`, { detail: { value: key.length, limit: KV_LIMITS.keyLength } });
  if (!KEY.test(key)) throw new FailureError('invalid_request', `The ${what} ${shown(key)} has a character that kv does not take; it takes letters, digits and _ . : / -`, { detail: { pattern: KEY.source } });
  return key;
}

function readValue(key: string, value: JsonValue | undefined): JsonValue {
  if (value === undefined) throw new FailureError('invalid_request', `The value of ${key} is missing; kv keeps any JSON value. Use delete to take a key away.`);
  const depth = jsonDepth(value);
  if (depth > MOST_JSON_DEPTH) throw new FailureError('invalid_request', `The value of ${key} is nested ${depth} levels deep; the limit of kv is ${MOST_JSON_DEPTH}.`, { detail: { value: depth, limit: MOST_JSON_DEPTH } });
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > KV_LIMITS.valueBytes) throw new FailureError('payload_too_large', `The value of ${key} has ${bytes} bytes; the limit of kv is ${KV_LIMITS.valueBytes}.`, { detail: { value: bytes, limit: KV_LIMITS.valueBytes } });
  return value;
}

const LONGEST_SHOWN = 80;

function shown(value: JsonValue | undefined): string {
  if (typeof value === 'string') return JSON.stringify(value.slice(0, LONGEST_SHOWN));
  return value === undefined ? 'missing' : `a ${Array.isArray(value) ? 'list' : value === null ? 'null' : typeof value}`;
}
