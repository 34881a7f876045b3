import { http, log, model, progress } from '@trivet/tool-sdk/guest';
import { OFFLINE_SOURCE, readDocuments } from '../sources/corpus.js';
import { articleOf } from '../sources/article.js';
import { findRelevant } from '../sources/relevance.js';
import { searchWeb } from '../sources/search-web.js';
import { readArticle, type Article } from '../sources/wikipedia.js';

interface Page {
  title: string;
  url: string;
  text: string;
}

interface Research {
  summary: string;
  sources: { title: string; url: string }[];
  source: string;
}

/** What the model gets of one page. */
const MAX_PAGE_LENGTH = 6000;
const MAX_SUMMARY_TOKENS = 700;
const PAGE_TIMEOUT_MS = 8000;

/** Searches, reads the best pages and asks the model for a summary: all inside one sandboxed call. */
export function run({ query, maxSources = 3 }: { query: string; maxSources?: number }): Research {
  const { pages, source } = findPages(query, maxSources);
  if (pages.length === 0) throw new Error(`Nothing was found for '${query}' (${source}).`);
  progress(0.5, `Read ${pages.length} page(s); asking the model.`);
  const reply = model({ prompt: 'summarise@production', variables: { text: materialOf(pages), focus: query }, maxTokens: MAX_SUMMARY_TOKENS });
  progress(1, 'Summarised.');
  return { summary: reply.text, sources: pages.map(({ title, url }) => ({ title, url })), source };
}

function findPages(query: string, maxSources: number): { pages: Page[]; source: string } {
  const found = searchWeb(query, maxSources);
  if (!found) {
    const pages = findRelevant(readDocuments(), query, maxSources).map(({ document }) => ({ title: document.title, url: document.url ?? document.name, text: document.text }));
    return { pages, source: OFFLINE_SOURCE };
  }
  progress(0.2, `Found ${found.results.length} page(s).`);
  const read = found.source === 'wikipedia' ? ({ title }: Article) => readArticle(query, title) : readPage;
  const pages = found.results.map((article) => ({ title: article.title, url: article.url, text: read(article) })).filter(({ text }) => text.length > 0);
  return { pages, source: found.source };
}

/** The words of a page; of one that cannot be had, what the search engine said of it. */
function readPage({ url, snippet }: Article): string {
  try {
    const { status, body } = http({ url, headers: { accept: 'text/html, text/plain;q=0.9' }, timeoutMs: PAGE_TIMEOUT_MS });
    return (status === 200 && articleOf(body).text) || snippet;
  } catch (error) {
    log(`The page ${url} cannot be read.`, { reason: String(error) });
    return snippet;
  }
}

/** The pages' running text: headings would only be repeated in the summary. */
function materialOf(pages: readonly Page[]): string {
  return pages.map(({ text }) => text.replaceAll(/^\s*#.*$/gm, '').trim().slice(0, MAX_PAGE_LENGTH)).join('\n\n');
}
