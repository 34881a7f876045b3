import { FailureError, Identifier, JsonRecord, MOST_JSON_DEPTH, parseOrFail, type JsonObject, type JsonValue } from '@trivet/contracts';
import { z } from 'zod';
import { jsonDepth } from '../json-depth.js';

/** What one request to the host function `memory` may carry. */
export const MEMORY_REQUEST_LIMITS = {
  entriesWritten: 64,
  entriesSynced: 1_000,
  idsForgotten: 1_000,
  /** Of one entry, and of a query. */
  textBytes: 8_192,
  /** Of the metadata's JSON text. */
  metadataBytes: 4_096,
  found: 50,
  listed: 100,
} as const;

/** Those for which the model tier is asked. */
export const EMBEDDING_OPERATIONS = ['write', 'search', 'sync'] as const;

const TEN_YEARS_MS = 315_360_000_000;
// eslint-disable-next-line no-control-regex -- that is what an id must not have
const EntryId = z.string().min(1).max(256).regex(/^[^\u0000-\u001f\u007f]+$/, 'must have no control characters');
const collection = Identifier.default('memory');
const Filter = z.strictObject({ workflowId: Identifier.optional(), tool: z.string().min(1).max(200).optional(), user: z.string().min(1).max(200).optional(), session: z.string().min(1).max(200).optional() });
const Entry = z.strictObject({ id: EntryId.optional(), text: z.string().min(1), metadata: JsonRecord.default({}), expiresInMs: z.number().int().min(1).max(TEN_YEARS_MS).optional() });

const MemoryRequest = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('write'), collection, entries: z.array(Entry).min(1).max(MEMORY_REQUEST_LIMITS.entriesWritten) }),
  z.strictObject({ op: z.literal('search'), collection, query: z.string().min(1), limit: z.number().int().min(1).max(MEMORY_REQUEST_LIMITS.found).default(5), minScore: z.number().min(-1).max(1).optional(), filter: Filter.optional() }),
  z.strictObject({ op: z.literal('forget'), collection, ids: z.array(EntryId).min(1).max(MEMORY_REQUEST_LIMITS.idsForgotten).optional(), filter: Filter.optional(), all: z.literal(true).optional() }),
  z.strictObject({ op: z.literal('list'), collection, cursor: z.string().regex(/^\d{1,15}$/, 'must be the cursor of the page before').optional(), limit: z.number().int().min(1).max(MEMORY_REQUEST_LIMITS.listed).default(50) }),
  z.strictObject({ op: z.literal('sync'), collection: Identifier, entries: z.array(Entry.required({ id: true }).omit({ expiresInMs: true })).max(MEMORY_REQUEST_LIMITS.entriesSynced), from: EntryId.optional(), before: EntryId.optional() }),
]);
export type MemoryRequest = z.infer<typeof MemoryRequest>;
export type RequestOf<Operation extends MemoryRequest['op']> = Extract<MemoryRequest, { op: Operation }>;

/** @throws FailureError invalid_request, payload_too_large: each with the value and the limit */
export function readMemoryRequest(value: JsonValue): MemoryRequest {
  const request = parseOrFail(MemoryRequest, value, 'the request to memory');
  if (request.op === 'search') checkText('The query', request.query);
  if (request.op === 'write' || request.op === 'sync') request.entries.forEach(checkEntry);
  if (request.op === 'write' || request.op === 'sync') checkIds(request.entries.flatMap(({ id }) => id ?? []));
  if (request.op === 'forget') checkForget(request);
  if (request.op === 'sync') checkRange(request);
  return request;
}

function checkEntry({ id, text, metadata }: { id?: string | undefined; text: string; metadata: JsonObject }, index: number): void {
  const name = `entry ${id === undefined ? index : JSON.stringify(id.slice(0, 80))}`;
  checkText(`The text of ${name}`, text);
  const depth = jsonDepth(metadata);
  if (depth > MOST_JSON_DEPTH) throw new FailureError('invalid_request', `The metadata of ${name} is nested ${depth} levels deep; the limit is ${MOST_JSON_DEPTH}.`, { detail: { value: depth, limit: MOST_JSON_DEPTH } });
  const bytes = Buffer.byteLength(JSON.stringify(metadata));
  if (bytes > MEMORY_REQUEST_LIMITS.metadataBytes) throw new FailureError('payload_too_large', `The metadata of ${name} has ${bytes} bytes; the limit is ${MEMORY_REQUEST_LIMITS.metadataBytes}. Keep a reference to what is large.`, { detail: { value: bytes, limit: MEMORY_REQUEST_LIMITS.metadataBytes } });
}

function checkText(what: string, text: string): void {
  const bytes = Buffer.byteLength(text);
  if (bytes > MEMORY_REQUEST_LIMITS.textBytes) throw new FailureError('payload_too_large', `${what} has ${bytes} bytes; the limit is ${MEMORY_REQUEST_LIMITS.textBytes}. Cut it into several.`, { detail: { value: bytes, limit: MEMORY_REQUEST_LIMITS.textBytes } });
}

function checkIds(ids: readonly string[]): void {
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) throw new FailureError('invalid_request', `Two entries have the id ${JSON.stringify(twice.slice(0, 80))}; each needs its own.`);
}

/** That all shall go has to be said in so many words, not by a filter that happens to be empty. */
function checkForget({ ids, filter, all }: RequestOf<'forget'>): void {
  const given = [ids, filter, all].filter((each) => each !== undefined).length;
  if (given !== 1 || (filter && Object.values(filter).every((each) => each === undefined))) throw new FailureError('invalid_request', 'forget needs exactly one of ids, a filter that names something, and all: true.');
}

function checkRange({ entries, from, before }: RequestOf<'sync'>): void {
  const outside = entries.find(({ id }) => !isBetween(id, { from, before }));
  if (outside) throw new FailureError('invalid_request', `The entry ${JSON.stringify(outside.id.slice(0, 80))} is not between from and before, in the order of the ids.`);
}

/** From the one, that included, to before the other. */
export const isBetween = (id: string, { from, before }: { from?: string | undefined; before?: string | undefined }): boolean => (from === undefined || id >= from) && (before === undefined || id < before);
