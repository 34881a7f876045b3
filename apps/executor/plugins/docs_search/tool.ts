import { files } from '@trivet/tool-sdk/guest';
import { parseDocument, type Document } from '../sources/front-matter.js';
import { readableText } from '../sources/readable-text.js';
import { rank } from '../sources/ranking.js';
import { mergeRankings, type Hit } from './merge-rankings.js';
import { searchByMeaning } from './search-by-meaning.js';

interface Input {
  query: string;
  limit?: number;
  mode?: 'words' | 'meaning' | 'both';
}

interface Output {
  results: Hit[];
  notice?: string;
}

/** Of each ranking, before the two are merged. */
const MERGED = 50;

export function run({ query, limit = 5, mode = 'words' }: Input): Output {
  const documents = files.list().map(({ name }) => read(name));
  if (mode === 'words') return { results: searchByWords(documents, query, limit) };
  const { hits, notice } = searchByMeaning(documents, query, mode === 'both' ? MERGED : limit);
  const results = mode === 'meaning' ? hits : mergeRankings([searchByWords(documents, query, MERGED), hits], limit);
  return { results, ...(notice === undefined ? {} : { notice }) };
}

function searchByWords(documents: readonly Document[], query: string, limit: number): Hit[] {
  return rank(documents, query, limit).map(({ document, snippet, score }) => ({ title: document.title, ref: document.name, snippet, score }));
}

/** A page as its reader sees it; everything else as it stands. */
function read(name: string): Document {
  const content = files.read(name);
  if (!/\.html?$/i.test(name)) return parseDocument(name, content);
  const { title, text } = readableText(content);
  return { name, title: title || name, url: null, text };
}
