import { natives } from './natives.js';

/** What the host refused or could not do. A tool may catch it (to fall back) or let it end the call. */
export class HostError extends Error {
  constructor(
    /** A code of the failure table, or one of: network_unreachable, network_failed, not_found. */
    readonly code: string,
    message: string,
    readonly detail: Record<string, unknown> = {},
  ) {
    super(message);
    this.name = 'HostError';
  }
}

export interface HttpRequest {
  url: string;
  method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD';
  headers?: Record<string, string>;
  body?: string;
  /** How long to wait for the whole answer; at most 15,000. */
  timeoutMs?: number;
}

export interface HttpReply {
  status: number;
  /** The address that answered, after redirects. */
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** One HTTP exchange, done by the host behind its egress guard. Throws HostError. */
export const http = (request: HttpRequest): HttpReply => call<HttpReply>(natives.http, request);

/** Messages, or a prompt (`name`, `name@3`, `name@production`) with its variables. */
export type ModelRequest = ModelOptions & ({ messages: { role: 'system' | 'user' | 'assistant'; content: string }[] } | { prompt: string; variables?: Record<string, unknown> });

interface ModelOptions {
  maxTokens?: number;
  tier?: 'small' | 'medium' | 'large';
  model?: string;
  schema?: Record<string, unknown>;
}

export interface ModelReply {
  text: string;
  [field: string]: unknown;
}

/** Asks the model tier, under the budget and trace of this call's workflow. Throws HostError. */
export const model = (request: ModelRequest): ModelReply => call<ModelReply>(natives.model, request);

/** Calls another tool that the manifest grants. Throws HostError. */
export const tool = (name: string, input: unknown): unknown => call<unknown>(natives.tool, { name, input });

export const log = (message: string, fields: Record<string, unknown> = {}): void => void call<null>(natives.log, { message, fields });

/** Says how far the call is: a fraction from 0 to 1 and, if you like, a sentence. */
export const progress = (fraction: number, message = ''): void => void call<null>(natives.progress, { fraction, message });

export const files = {
  /** The documents granted to this tool. */
  list: (): { name: string; bytes: number }[] => call(natives.files, { op: 'list' }),
  /** The text of one document. Throws HostError. */
  read: (name: string): string => call(natives.files, { op: 'read', name }),
  /** A file of the tenant (grant `artefacts`), kept when the call completes; at most 20 of 3 MiB. Throws HostError. */
  write: (name: string, content: string | { base64: string }, type?: string): { name: string; bytes: number } => call(natives.files, { op: 'write', name, type, ...(typeof content === 'string' ? { content } : content) }),
};

/**
 * Small state of this call's workflow: JSON values that all its tools with the grant `kv` share, and no other workflow sees. The
 * last write of a key wins. A call that runs again after a crash finds what it wrote before. Throws HostError.
 */
export const kv = {
  /** Null when there is none. */
  get: (key: string): unknown => call(natives.kv, { op: 'get', key }),
  /** A key has 1 to 128 letters, digits and _ . : / -; a value 64 KiB as JSON; a workflow 1,000 keys and 1 MiB. */
  set: (key: string, value: unknown): void => void call(natives.kv, { op: 'set', key, value }),
  /** Whether it was there. */
  delete: (key: string): boolean => call(natives.kv, { op: 'delete', key }),
  /** The keys that begin with a text, sorted; all of them when it is absent. */
  list: (prefix = ''): string[] => call(natives.kv, { op: 'list', prefix }),
};

export interface MemoryEntry {
  id: string;
  text: string;
  metadata: Record<string, unknown>;
  /** Who wrote it. */
  source: { workflowId: string; stepId: string; callId: string; tool: string; user?: string; session?: string };
  /** As in 2026-01-31T12:00:00.000Z. */
  writtenAt: string;
  expiresAt: string | null;
}

export interface MemoryFilter {
  workflowId?: string;
  tool?: string;
  user?: string;
  session?: string;
}

type NewEntry = { id?: string; text: string; metadata?: Record<string, unknown>; expiresInMs?: number };

/**
 * Texts that the tools of the tenant with the grant `memory` keep beyond their workflow, in collections (`memory` unless another is named), and find
 * again by meaning. What is written and what is searched for is embedded by the model tier, charged to this call's workflow. Throws HostError.
 */
export const memory = {
  /** 1 to 64 entries, of 8 KiB text and 4 KiB metadata at most; one of the same id is replaced. Without an id a call that runs again writes the same entry. */
  write: (entries: NewEntry[], options: { collection?: string } = {}): { ids: string[]; notice?: string } => call(natives.memory, { op: 'write', ...options, entries }),
  /** The nearest by the cosine of their vectors, best first: 5 unless `limit` says another number up to 50. `notice`: what the model says of its vectors. */
  search: (query: string, options: { collection?: string; limit?: number; minScore?: number; filter?: MemoryFilter } = {}): { hits: (MemoryEntry & { score: number })[]; model?: string; notice?: string } => call(natives.memory, { op: 'search', ...options, query }),
  /** By ids, by provenance, or all: exactly one of them. Says how many there were. */
  forget: (what: { ids?: string[]; filter?: MemoryFilter; all?: true }, options: { collection?: string } = {}): { forgotten: number } => call(natives.memory, { op: 'forget', ...options, ...what }),
  /** The last written first. `cursor` of the answer: where to go on, null at the end. */
  list: (options: { collection?: string; cursor?: string; limit?: number } = {}): { entries: MemoryEntry[]; cursor: string | null } => call(natives.memory, { op: 'list', ...options }),
  /** Makes a collection exactly these (at most 1,000) entries, or its stretch of ids `from` one to `before` another; embeds what is new or changed. */
  sync: (collection: string, entries: (NewEntry & { id: string })[], stretch: { from?: string; before?: string } = {}): { written: number; removed: number; unchanged: number; notice?: string } => call(natives.memory, { op: 'sync', collection, entries, ...stretch }),
};

interface Envelope<Value> {
  value?: Value;
  error?: { code: string; message: string; detail?: Record<string, unknown> };
}

function call<Value>(native: (text: string) => string, request: unknown): Value {
  const envelope: Envelope<Value> = JSON.parse(native(JSON.stringify(request)));
  if (envelope.error) throw new HostError(envelope.error.code, envelope.error.message, envelope.error.detail);
  // The host answers with the value of the request's own type; the envelope is parsed JSON.
  return envelope.value as Value;
}
