import { FailureError, type JsonObject, type JsonValue } from '@trivet/contracts';
import type { InjectedFunction } from './host-functions.js';
import { isBetween, readMemoryRequest, type MemoryRequest } from './memory-request.js';

interface Kept {
  text: string;
  metadata: JsonObject;
}

const NOTICE = 'compared by words: no model is asked while cases run';

/**
 * What `memory` is while a case of cases.json runs: it begins empty, holds for the one case, and compares texts by the words they share. Times and
 * provenance are the same in every run; nothing expires.
 */
export function createCaseMemory(): InjectedFunction {
  const collections = new Map<string, Map<string, Kept>>();
  return async (_call, value, occurrence) => {
    try {
      const request = readMemoryRequest(value);
      const kept = collections.get(request.collection) ?? new Map<string, Kept>();
      collections.set(request.collection, kept);
      return { value: answer(kept, request, occurrence) };
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      return { error: { code: error.failure.code, message: error.failure.message } };
    }
  };
}

function answer(kept: Map<string, Kept>, request: MemoryRequest, occurrence: number): JsonValue {
  switch (request.op) {
    case 'write': {
      const named = request.entries.map((entry, index) => ({ ...entry, id: entry.id ?? `case-${occurrence}-${index}` }));
      for (const { id, text, metadata } of named) kept.set(id, { text, metadata });
      return { ids: named.map(({ id }) => id), notice: NOTICE };
    }
    case 'search': {
      const scored = [...kept].map(([id, entry]) => ({ ...shown(id, entry), score: cosine(request.query, entry.text) }));
      const hits = scored.filter(({ score }) => score >= (request.minScore ?? -1)).sort((left, right) => right.score - left.score);
      return hits.length === 0 && kept.size === 0 ? { hits: [] } : { hits: hits.slice(0, request.limit), model: 'cases', notice: NOTICE };
    }
    case 'forget': {
      const before = kept.size;
      // Everything that a case wrote is of the same call.
      if (request.ids) for (const id of request.ids) kept.delete(id);
      else kept.clear();
      return { forgotten: before - kept.size };
    }
    case 'list':
      return { entries: [...kept].map(([id, entry]) => shown(id, entry)).slice(0, request.limit), cursor: null };
    case 'sync': {
      const wanted = new Set(request.entries.map(({ id }) => id));
      const removed = [...kept.keys()].filter((id) => !wanted.has(id) && isBetween(id, request));
      for (const id of removed) kept.delete(id);
      for (const { id, text, metadata } of request.entries) kept.set(id, { text, metadata });
      return { written: wanted.size, removed: removed.length, unchanged: 0, notice: NOTICE };
    }
    default:
      return request satisfies never;
  }
}

const shown = (id: string, { text, metadata }: Kept) => ({ id, text, metadata, source: { workflowId: 'case', stepId: 'case', callId: 'case', tool: 'case' }, writtenAt: '1970-01-01T00:00:00.000Z', expiresAt: null });

function cosine(left: string, right: string): number {
  const [a, b] = [countWords(left), countWords(right)];
  const product = [...a].reduce((sum, [word, count]) => sum + count * (b.get(word) ?? 0), 0);
  return product === 0 ? 0 : product / (lengthOf(a) * lengthOf(b));
}

function countWords(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of text.toLowerCase().match(/\p{Script=Han}|[\p{L}\p{N}]+/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

const lengthOf = (counts: Map<string, number>): number => Math.sqrt([...counts.values()].reduce((sum, count) => sum + count * count, 0));
