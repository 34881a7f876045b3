import { http, type HttpRequest } from '@trivet/tool-sdk/guest';
import { plain } from './snippet.js';
import type { Article } from './wikipedia.js';

/** A search engine that an operator may set up; the host adds its key. */
export interface SearchEngine {
  /** As results name their source. */
  name: string;
  /** Throws HostError: capability_unavailable when it is not set up, network_… when it cannot be reached. */
  search: (query: string, limit: number) => Article[];
}

const TIMEOUT_MS = 10_000;
const MAX_SNIPPET_LENGTH = 500;

const tavily: SearchEngine = {
  name: 'tavily',
  search: (query, limit) => {
    const body = JSON.stringify({ query, max_results: limit });
    const { results } = ask<{ results?: Found[] }>('Tavily', { url: 'https://api.tavily.com/search', method: 'POST', headers: { 'content-type': 'application/json' }, body });
    return articles(results, limit);
  },
};

const brave: SearchEngine = {
  name: 'brave',
  search: (query, limit) => articles(ask<{ web?: { results?: Found[] } }>('Brave', { url: `https://api.search.brave.com/res/v1/web/search?q=${encodeURIComponent(query)}&count=${limit}` }).web?.results, limit),
};

const searxng: SearchEngine = {
  name: 'searxng',
  search: (query, limit) => articles(ask<{ results?: Found[] }>('SearXNG', { url: `http://searxng.trivet.internal/search?format=json&q=${encodeURIComponent(query)}` }).results, limit),
};

/** In the order in which they are tried. */
export const SEARCH_ENGINES: readonly SearchEngine[] = [tavily, brave, searxng];

interface Found {
  title?: unknown;
  url?: unknown;
  content?: unknown;
  description?: unknown;
}

/** What they call a result's text differs; nothing else does. */
function articles(found: unknown, limit: number): Article[] {
  if (!Array.isArray(found)) return [];
  return found.slice(0, limit).flatMap(({ title, url, content, description }: Found) => {
    if (typeof url !== 'string' || !/^https?:/.test(url)) return [];
    return [{ title: typeof title === 'string' ? plain(title) : url, url, snippet: plain(String(content ?? description ?? '')).slice(0, MAX_SNIPPET_LENGTH) }];
  });
}

const HINTS: Record<number, string> = { 401: ': its key is refused', 403: ': it refuses us; a SearXNG must allow the format json in its settings', 429: ': too many requests for its plan', 432: ': the plan is used up' };

function ask<Reply>(name: string, request: HttpRequest): Reply {
  const { status, body } = http({ timeoutMs: TIMEOUT_MS, ...request, headers: { accept: 'application/json', ...request.headers } });
  if (status !== 200) throw new Error(`${name} answered with status ${status}${HINTS[status] ?? ''}.`);
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(`${name} answered with something that is no JSON.`);
  }
}
