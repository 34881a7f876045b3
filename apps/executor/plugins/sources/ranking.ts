import MiniSearch from 'minisearch';
import type { Document } from './front-matter.js';

export interface Ranked {
  document: Document;
  score: number;
  snippet: string;
}

/** Ranks documents by BM25 over title and text. Chinese and Japanese text is indexed by pairs of characters. */
export function rank(documents: readonly Document[], query: string, limit: number): Ranked[] {
  const index = new MiniSearch<{ id: number; title: string; text: string }>({
    fields: ['title', 'text'],
    tokenize: words,
    searchOptions: { boost: { title: 3 }, combineWith: 'OR', tokenize: words },
  });
  index.addAll(documents.map(({ title, text }, id) => ({ id, title, text })));
  return index
    .search(query)
    .slice(0, limit)
    .flatMap(({ id, score, terms }) => {
      const document = documents[Number(id)];
      return document ? [{ document, score: Math.round(score * 1000) / 1000, snippet: snippet(document.text, terms) }] : [];
    });
}

const HAN = /[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]/;

export function words(text: string): string[] {
  const found: string[] = [];
  for (const run of text.toLowerCase().match(/[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+|[\p{L}\p{N}]+/gu) ?? []) {
    if (!HAN.test(run)) found.push(run);
    else if (run.length === 1) found.push(run);
    else for (let at = 0; at + 2 <= run.length; at += 1) found.push(run.slice(at, at + 2));
  }
  return found;
}

const SNIPPET_LENGTH = 240;

/** The sentence-like stretch that holds most of the terms. */
export function snippet(text: string, terms: readonly string[]): string {
  const parts = text.split(/\n\s*\n/).filter((part) => part.trim().length > 0);
  const prose = parts.filter((part) => !part.startsWith('#'));
  const paragraphs = (prose.length > 0 ? prose : parts).map((part) => part.replace(/^#+\s+/, '').replace(/\s+/g, ' ').trim());
  const best = paragraphs.reduce((top, part) => (hits(part, terms) > hits(top, terms) ? part : top), paragraphs[0] ?? '');
  return best.length > SNIPPET_LENGTH ? `${best.slice(0, SNIPPET_LENGTH - 1).trimEnd()}…` : best;
}

function hits(text: string, terms: readonly string[]): number {
  const lower = text.toLowerCase();
  return terms.filter((term) => lower.includes(term)).length;
}
