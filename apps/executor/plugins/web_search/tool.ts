import { log } from '@trivet/tool-sdk/guest';
import { OFFLINE_SOURCE, isNetworkError, readDocuments } from '../sources/corpus.js';
import { findRelevant } from '../sources/relevance.js';
import { searchWikipedia, type Article } from '../sources/wikipedia.js';

export function run({ query, limit = 5 }: { query: string; limit?: number }): { results: Article[]; source: string } {
  try {
    return { results: searchWikipedia(query, limit), source: 'wikipedia' };
  } catch (error) {
    if (!isNetworkError(error)) throw error;
    log('Wikipedia cannot be reached; the sample corpus answers.');
    const results = findRelevant(readDocuments(), query, limit).map(({ document, snippet }) => ({ title: document.title, url: document.url ?? document.name, snippet }));
    return { results, source: OFFLINE_SOURCE };
  }
}
