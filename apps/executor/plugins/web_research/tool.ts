import { log, model, progress } from '@trivet/tool-sdk/guest';
import { OFFLINE_SOURCE, isNetworkError, readDocuments } from '../sources/corpus.js';
import { findRelevant } from '../sources/relevance.js';
import { readArticle, searchWikipedia } from '../sources/wikipedia.js';

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
  try {
    const articles = searchWikipedia(query, maxSources);
    progress(0.2, `Found ${articles.length} page(s).`);
    const pages = articles.map(({ title, url }) => ({ title, url, text: readArticle(query, title) })).filter(({ text }) => text.length > 0);
    return { pages, source: 'wikipedia' };
  } catch (error) {
    if (!isNetworkError(error)) throw error;
    log('Wikipedia cannot be reached; the sample corpus answers.');
    const pages = findRelevant(readDocuments(), query, maxSources).map(({ document }) => ({ title: document.title, url: document.url ?? document.name, text: document.text }));
    return { pages, source: OFFLINE_SOURCE };
  }
}

/** The pages' running text: headings would only be repeated in the summary. */
function materialOf(pages: readonly Page[]): string {
  return pages.map(({ text }) => text.replaceAll(/^\s*#.*$/gm, '').trim().slice(0, MAX_PAGE_LENGTH)).join('\n\n');
}
