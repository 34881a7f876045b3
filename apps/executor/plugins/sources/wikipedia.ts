import { http } from '@trivet/tool-sdk/guest';
import { plain } from './snippet.js';

export interface Article {
  title: string;
  url: string;
  snippet: string;
}

interface SearchReply {
  query?: { search?: { title: string; snippet: string }[]; pages?: Record<string, { extract?: string }> };
}

const TIMEOUT_MS = 6000;

/** Searches Wikipedia in the language the query seems to be in. Throws HostError when it cannot be reached. */
export function searchWikipedia(query: string, limit: number): Article[] {
  const host = hostFor(query);
  const reply = ask(host, { list: 'search', srsearch: query, srlimit: String(limit) });
  return (reply.query?.search ?? []).map(({ title, snippet }) => ({
    title,
    url: `https://${host}/wiki/${encodeURIComponent(title.replaceAll(' ', '_'))}`,
    snippet: plain(snippet),
  }));
}

/** The plain text of an article; empty when it has none. */
export function readArticle(query: string, title: string): string {
  const reply = ask(hostFor(query), { prop: 'extracts', explaintext: '1', redirects: '1', titles: title });
  return Object.values(reply.query?.pages ?? {})[0]?.extract ?? '';
}

const hostFor = (query: string): string => (/[\u3400-\u9fff]/.test(query) ? 'zh.wikipedia.org' : 'en.wikipedia.org');

function ask(host: string, parameters: Record<string, string>): SearchReply {
  const query = Object.entries({ action: 'query', format: 'json', ...parameters }).map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const { status, body } = http({ url: `https://${host}/w/api.php?${query}`, headers: { accept: 'application/json' }, timeoutMs: TIMEOUT_MS });
  if (status !== 200) throw new Error(`Wikipedia answered with status ${status}.`);
  return JSON.parse(body);
}
