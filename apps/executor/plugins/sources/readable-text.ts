import { Parser } from 'htmlparser2';

const SKIPPED = new Set(['script', 'style', 'noscript', 'template', 'svg', 'nav', 'header', 'footer', 'aside', 'form', 'iframe', 'button', 'select']);
const BLOCKS = new Set(['p', 'div', 'section', 'article', 'main', 'li', 'ul', 'ol', 'table', 'tr', 'h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'blockquote', 'pre', 'figure', 'dd', 'dt', 'br', 'hr']);

/** The words a reader would read: no scripts, menus or footers; the article alone where the page marks one. */
export function readableText(html: string): { title: string; text: string } {
  let title = '';
  let whole = '';
  let article = '';
  let skipping = 0;
  let inTitle = false;
  let inArticle = 0;
  const write = (text: string): void => {
    whole += text;
    if (inArticle > 0) article += text;
  };
  const parser = new Parser({
    onopentag(name) {
      if (SKIPPED.has(name)) skipping += 1;
      if (name === 'title') inTitle = true;
      if (name === 'article' || name === 'main') inArticle += 1;
      if (BLOCKS.has(name)) write('\n');
    },
    ontext(text) {
      if (inTitle) title += text;
      else if (skipping === 0) write(text.replace(/\s+/g, ' '));
    },
    onclosetag(name) {
      if (SKIPPED.has(name)) skipping -= 1;
      if (name === 'title') inTitle = false;
      if (BLOCKS.has(name)) write('\n');
      if (name === 'article' || name === 'main') inArticle -= 1;
    },
  });
  parser.end(html);
  const chosen = tidy(article);
  return { title: title.replace(/\s+/g, ' ').trim(), text: chosen.length > 200 ? chosen : tidy(whole) };
}

const tidy = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line.length > 0)
    .join('\n');
