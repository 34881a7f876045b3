import { http } from '@trivet/tool-sdk/guest';
import { isCorpusUrl, readDocuments } from '../sources/corpus.js';
import { articleOf } from '../sources/article.js';

interface Page {
  url: string;
  title: string;
  text: string;
}

const MAX_TEXT_LENGTH = 200_000;

export function run({ url }: { url: string }): Page {
  if (isCorpusUrl(url)) return corpusPage(url);
  const reply = http({ url, headers: { accept: 'text/html, text/plain;q=0.9, */*;q=0.5' } });
  if (reply.status >= 400) throw new Error(`${reply.url} answered with status ${reply.status}.`);
  const isHtml = /html|xml/.test(reply.headers['content-type'] ?? 'text/html');
  const { title, text } = isHtml ? articleOf(reply.body) : { title: '', text: reply.body };
  return { url: reply.url, title: title || reply.url, text: text.slice(0, MAX_TEXT_LENGTH) };
}

/** Pages of the bundled sample documents have addresses that exist nowhere else. */
function corpusPage(url: string): Page {
  const page = readDocuments().find((document) => document.url === url);
  if (!page) throw new Error(`The sample corpus has no page ${url}.`);
  return { url, title: page.title, text: page.text };
}
