import { createHash } from 'node:crypto';
import { FailureError, canonicalJson, shortHash, type JsonObject, type JsonValue } from '@trivet/contracts';
import type { MemoryHead, MemoryRef, MemorySource, MemoryStore, MemoryText, MemoryWrite } from '@trivet/state';
import { matches, type CollectionIndex } from '../memory/collection-index.js';
import type { Embedded, EmbedTexts } from '../memory/embed-texts.js';
import type { MemoryIndexes } from '../memory/memory-indexes.js';
import type { HostCallContext, InjectedFunction } from './host-functions.js';
import { isBetween, readMemoryRequest, type MemoryRequest, type RequestOf } from './memory-request.js';

export interface MemoryParts {
  store: MemoryStore;
  indexes: MemoryIndexes;
  embed: EmbedTexts;
}

/** One request: of whom, of which call, and how-manieth of it. */
interface Asked extends MemoryParts {
  ref: MemoryRef;
  call: HostCallContext;
  occurrence: number;
  signal: AbortSignal;
}

/**
 * The host function `memory`: texts that a tenant's tools keep beyond their workflow and find again by meaning. Whose they are is said by the call and
 * never by the request. Embedding them is a question to the model tier, charged to the workflow of the call.
 */
export function createMemory(parts: MemoryParts): InjectedFunction {
  return async (call, value, occurrence, signal) => {
    try {
      const request = readMemoryRequest(value);
      return { value: await answer({ ...parts, ref: { tenant: call.tenant, collection: request.collection }, call, occurrence, signal }, request) };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const { code, message, detail } = error.failure;
      return { error: { code, message, ...(detail ? { detail } : {}) } };
    }
  };
}

async function answer(asked: Asked, request: MemoryRequest): Promise<JsonValue> {
  switch (request.op) {
    case 'write':
      return write(asked, request);
    case 'search':
      return search(asked, request);
    case 'forget':
      return forget(asked, request);
    case 'list': {
      const { entries, next } = await asked.store.list(asked.ref, { limit: request.limit, ...(request.cursor === undefined ? {} : { before: Number(request.cursor) }) });
      return { entries: entries.map(shownEntry), cursor: next === null ? null : String(next) };
    }
    case 'sync':
      return sync(asked, request);
    default:
      return request satisfies never;
  }
}

/** An entry without an id gets one made of the step and of where in it this is written: a call that runs again, or is tried again, writes the same entry. */
async function write({ store, embed, ref, call, occurrence, signal }: Asked, { entries }: RequestOf<'write'>): Promise<JsonObject> {
  const named = entries.map((entry, index) => ({ ...entry, id: entry.id ?? madeId(call, occurrence, index) }));
  const embedded = await embed(call, named.map(({ text }) => text), signal);
  await store.change(ref, { write: writesOf(call, named, embedded) });
  return { ids: named.map(({ id }) => id), ...noticeOf(embedded) };
}

const madeId = ({ tenant, workflowId, stepId, tool, within = [] }: HostCallContext, occurrence: number, index: number): string => `m${shortHash([tenant, workflowId, stepId, tool, within.join('.'), String(occurrence), String(index)])}`;

async function search(asked: Asked, { query, limit, minScore, filter }: RequestOf<'search'>): Promise<JsonObject> {
  const { store, indexes, embed, ref, call, signal } = asked;
  // Nothing is spent on looking for what cannot be there.
  if ((await indexes.current(ref)).size() === 0) return { hits: [] };
  const embedded = await embed(call, [query], signal);
  const [vector] = embedded.vectors;
  if (!vector) return { hits: [] };
  await embedForeign(asked, (index) => index.foreign({ model: embedded.model, vector, filter }), embedded.model);
  const found = await (await indexes.current(ref)).search({ vector, model: embedded.model, limit, minScore, filter });
  const texts = await store.read(ref, found.map(({ head }) => head.id));
  const hits = found.flatMap(({ head, score }, index) => {
    const text = texts[index];
    // Gone between the look into the index and that into Redis.
    return text ? [{ ...shownEntry({ ...head, ...text }), score: Math.round(score * 1e6) / 1e6 }] : [];
  });
  return { hits, model: embedded.model, ...noticeOf(embedded) };
}

/** Entries that are embedded again and kept at once, so that a call which is ended meanwhile has not paid for nothing. */
const EMBEDDED_AGAIN_AT_ONCE = 256;

/** Another model is configured than made these vectors: they are made anew, and kept. */
async function embedForeign({ store, indexes, embed, ref, call, signal }: Asked, foreignOf: (index: CollectionIndex) => MemoryHead[], model: string): Promise<void> {
  const foreign = foreignOf(await indexes.current(ref));
  for (let at = 0; at < foreign.length; at += EMBEDDED_AGAIN_AT_ONCE) {
    const heads = foreign.slice(at, at + EMBEDDED_AGAIN_AT_ONCE);
    const texts = await store.read(ref, heads.map(({ id }) => id));
    const known = heads.flatMap((head, index) => {
      const text = texts[index];
      return text ? [{ head, text: text.text }] : [];
    });
    if (known.length === 0) continue;
    const { vectors } = await embed(call, known.map(({ text }) => text), signal, model);
    await store.embedAgain(ref, model, known.flatMap(({ head: { id, hash } }, index) => {
      const vector = vectors[index];
      return vector ? [{ id, hash, vector }] : [];
    }));
  }
}

const FORGOTTEN_AT_ONCE = 1_000;

async function forget({ store, indexes, ref }: Asked, { ids, filter, all }: RequestOf<'forget'>): Promise<JsonObject> {
  if (all) return { forgotten: await store.clear(ref) };
  const meant = ids ?? [...(await indexes.current(ref)).heads()].filter((head) => matches(head, filter)).map(({ id }) => id);
  let forgotten = 0;
  for (let at = 0; at < meant.length; at += FORGOTTEN_AT_ONCE) forgotten += await store.change(ref, { remove: meant.slice(at, at + FORGOTTEN_AT_ONCE) });
  return { forgotten };
}

/** Makes the collection, or the stretch of it from one id to before another, exactly these entries; only what is new or changed is embedded. */
async function sync({ store, indexes, embed, ref, call, signal }: Asked, { entries, from, before }: RequestOf<'sync'>): Promise<JsonObject> {
  const index = await indexes.current(ref);
  const wanted = new Set(entries.map(({ id }) => id));
  const isKept = (head: MemoryHead | undefined, entry: MemoryText): boolean => head?.hash === hashOf(entry) && head.expiresAtMs === null;
  const changed = entries.filter((entry) => !isKept(index.get(entry.id), entry));
  const remove = [...index.heads()].flatMap(({ id }) => (wanted.has(id) || !isBetween(id, { from, before }) ? [] : [id]));
  if (changed.length === 0 && remove.length === 0) return { written: 0, removed: 0, unchanged: entries.length };
  const embedded = changed.length > 0 ? await embed(call, changed.map(({ text }) => text), signal) : null;
  await store.change(ref, { remove, write: embedded ? writesOf(call, changed, embedded) : [] });
  return { written: changed.length, removed: remove.length, unchanged: entries.length - changed.length, ...(embedded ? noticeOf(embedded) : {}) };
}

function writesOf({ workflowId, stepId, callId, tool, user, session }: HostCallContext, entries: readonly (MemoryText & { id: string; expiresInMs?: number | undefined })[], { vectors, model }: Embedded): MemoryWrite[] {
  const source: MemorySource = { workflowId, stepId, callId, tool, ...(user ? { user } : {}), ...(session ? { session } : {}) };
  return entries.flatMap(({ id, text, metadata, expiresInMs }, index) => {
    const vector = vectors[index];
    return vector ? [{ id, text, metadata, hash: hashOf({ text, metadata }), model, vector, source, expiresInMs }] : [];
  });
}

const hashOf = ({ text, metadata }: MemoryText): string => createHash('sha256').update(text).update('\0').update(canonicalJson(metadata)).digest('base64url');
const noticeOf = ({ notice }: Embedded): JsonObject => (notice === undefined ? {} : { notice });

function shownEntry({ id, text, metadata, source, writtenAtMs, expiresAtMs }: MemoryHead & MemoryText): JsonObject {
  return { id, text, metadata, source: { ...source }, writtenAt: new Date(writtenAtMs).toISOString(), expiresAt: expiresAtMs === null ? null : new Date(expiresAtMs).toISOString() };
}
