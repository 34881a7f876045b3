const CJK = /[\u3400-\u9fff\u3040-\u30ff\uac00-\ud7af]/;
const CJK_ALL = new RegExp(CJK.source, 'g');

const sentenceSegmenters = { zh: new Intl.Segmenter('zh', { granularity: 'sentence' }), en: new Intl.Segmenter('en', { granularity: 'sentence' }) };
const wordSegmenters = { zh: new Intl.Segmenter('zh', { granularity: 'word' }), en: new Intl.Segmenter('en', { granularity: 'word' }) };

/** Words that stand in every text and so say nothing about one. */
const STOP_WORDS = new Set(
  ('the a an of to in and or for is are was were be been by with on at from as that this it its has have had not but which ' +
    'their they we you will can may into over also than then these those such more most 的 了 在 是 和 与 也 就 都 而 及 我们 你 它 这 那 一个 不 要 会 对').split(' '),
);

/** Shorter pieces are headings, list marks and page numbers rather than sentences. */
const SHORTEST_SENTENCE = 9;
const SHORTEST_CJK_SENTENCE = 5;

export const isCjk = (text: string): boolean => CJK.test(text);

/** The language whose rules of segmentation fit most of the text. */
export function languageOf(text: string): 'zh' | 'en' {
  const sample = text.slice(0, 4_000);
  return (sample.match(CJK_ALL)?.length ?? 0) * 4 > sample.length ? 'zh' : 'en';
}

/** Sentences with white space made single; a line break that ends a paragraph or begins a list item ends a sentence too. */
export function sentencesOf(text: string): string[] {
  return text.split(/\n\s*\n|\n(?=\s*(?:[#\-*•]|\d+\.)\s)/).flatMap((paragraph) =>
    piecesOf(paragraph).flatMap((piece) =>
      [...sentenceSegmenters[languageOf(piece)].segment(piece)]
        .map(({ segment }) => segment.replace(/\s+/g, ' ').trim())
        .filter((sentence) => sentence.length >= (isCjk(sentence) ? SHORTEST_CJK_SENTENCE : SHORTEST_SENTENCE)),
    ),
  );
}

/** Lower-case words that mean something. */
export function wordsOf(text: string): string[] {
  const words: string[] = [];
  for (const piece of piecesOf(text)) {
    for (const { segment, isWordLike } of wordSegmenters[languageOf(piece)].segment(piece)) {
      const word = segment.toLowerCase();
      if (isWordLike && !STOP_WORDS.has(word) && word.length > (isCjk(word) ? 0 : 1)) words.push(word);
    }
  }
  return words;
}

/** Each segment that Intl.Segmenter gives carries a copy of its whole input: 300 KB at once would take gigabytes. */
const LONGEST_PIECE = 4_000;

/** A text in pieces, cut after a sentence, else after a word, else anywhere but within a character. */
export function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  let start = 0;
  while (text.length - start > LONGEST_PIECE) {
    const window = text.slice(start, start + LONGEST_PIECE);
    const length = lastEnd(window, /[.!?]["')\]]*\s|[。!?;]/g) ?? lastEnd(window, /\s/g) ?? (/[\uD800-\uDBFF]$/.test(window) ? LONGEST_PIECE - 1 : LONGEST_PIECE);
    pieces.push(window.slice(0, length));
    start += length;
  }
  pieces.push(text.slice(start));
  return pieces;
}

function lastEnd(window: string, pattern: RegExp): number | undefined {
  let end: number | undefined;
  for (const match of window.matchAll(pattern)) end = match.index + match[0].length;
  return end;
}
