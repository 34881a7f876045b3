import './browser-globals.js';
import { Readability } from '@mozilla/readability';
import { Parser } from 'htmlparser2';
import { parseHTML } from 'linkedom';
import { readableText } from './readable-text.js';

/** Larger pages would take seconds to take apart, and deep ones minutes. */
const MOST_LENGTH = 400_000;
const MOST_ELEMENTS = 8_000;
const MOST_DEPTH = 200;
const SHORTEST_ARTICLE = 200;

/** The article of a page, as the reader view of a browser finds it; of a page without one, all that a reader would read. */
export function articleOf(html: string): { title: string; text: string } {
  const whole = readableText(html);
  if (html.length > MOST_LENGTH || isTooComplex(html)) return whole;
  const text = readableText(contentOf(html)).text;
  return { title: whole.title, text: text.length < SHORTEST_ARTICLE ? whole.text : text };
}

function isTooComplex(html: string): boolean {
  let [elements, depth, deepest] = [0, 0, 0];
  const parser = new Parser({
    onopentag: () => {
      elements += 1;
      depth += 1;
      deepest = Math.max(deepest, depth);
    },
    onclosetag: () => void (depth -= 1),
  });
  parser.end(html);
  return elements > MOST_ELEMENTS || deepest > MOST_DEPTH;
}

function contentOf(html: string): string {
  try {
    // Its own types are those of a browser's document, of which linkedom has what is needed.
    return new Readability(parseHTML(html).document as never, { charThreshold: SHORTEST_ARTICLE }).parse()?.content ?? '';
  } catch {
    // A page may be anything, and one that cannot be taken apart can still be read.
    return '';
  }
}
