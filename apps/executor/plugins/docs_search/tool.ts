import { files } from '@trivet/tool-sdk/guest';
import { parseDocument, type Document } from '../sources/front-matter.js';
import { readableText } from '../sources/readable-text.js';
import { rank } from '../sources/ranking.js';

interface Hit {
  title: string;
  ref: string;
  snippet: string;
  score: number;
}

/** A page as its reader sees it; everything else as it stands. */
function read(name: string): Document {
  const content = files.read(name);
  if (!/\.html?$/i.test(name)) return parseDocument(name, content);
  const { title, text } = readableText(content);
  return { name, title: title || name, url: null, text };
}

export function run({ query, limit = 5 }: { query: string; limit?: number }): { results: Hit[] } {
  const documents = files.list().map(({ name }) => read(name));
  return { results: rank(documents, query, limit).map(({ document, snippet, score }) => ({ title: document.title, ref: document.name, snippet, score })) };
}
