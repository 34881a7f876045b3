import { files } from '@trivet/tool-sdk/guest';
import { parseDocument } from '../sources/front-matter.js';
import { rank } from '../sources/ranking.js';

interface Hit {
  title: string;
  ref: string;
  snippet: string;
  score: number;
}

export function run({ query, limit = 5 }: { query: string; limit?: number }): { results: Hit[] } {
  const documents = files.list().map(({ name }) => parseDocument(name, files.read(name)));
  return { results: rank(documents, query, limit).map(({ document, snippet, score }) => ({ title: document.title, ref: document.name, snippet, score })) };
}
