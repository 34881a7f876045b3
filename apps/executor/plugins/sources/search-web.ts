import { HostError, log } from '@trivet/tool-sdk/guest';
import { OFFLINE_SOURCE, isNetworkError } from './corpus.js';
import { SEARCH_ENGINES } from './search-engines.js';
import { searchWikipedia, type Article } from './wikipedia.js';

/** Asks the first search engine that is set up, else Wikipedia. Null: there is no network. */
export function searchWeb(query: string, limit: number): { results: Article[]; source: string } | null {
  try {
    for (const { name, search } of SEARCH_ENGINES) {
      const results = ifSetUp(() => search(query, limit));
      if (results) return { results, source: name };
    }
    return { results: searchWikipedia(query, limit), source: 'wikipedia' };
  } catch (error) {
    if (!isNetworkError(error)) throw error;
    log(`The web cannot be searched, so the ${OFFLINE_SOURCE} answers.`, { reason: String(error) });
    return null;
  }
}

function ifSetUp<Value>(search: () => Value): Value | null {
  try {
    return search();
  } catch (error) {
    if (error instanceof HostError && error.code === 'capability_unavailable') return null;
    throw error;
  }
}
