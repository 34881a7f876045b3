import { OFFLINE_SOURCE, readDocuments } from '../sources/corpus.js';
import { findRelevant } from '../sources/relevance.js';
import { searchWeb } from '../sources/search-web.js';
import type { Article } from '../sources/wikipedia.js';

export function run({ query, limit = 5 }: { query: string; limit?: number }): { results: Article[]; source: string } {
  const found = searchWeb(query, limit);
  if (found) return found;
  const results = findRelevant(readDocuments(), query, limit).map(({ document, snippet }) => ({ title: document.title, url: document.url ?? document.name, snippet }));
  return { results, source: OFFLINE_SOURCE };
}
