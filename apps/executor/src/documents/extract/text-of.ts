/** A line of a page, as it was set. */
export interface Line {
  text: string;
  /** Of its base line, from below. */
  y: number;
  /** Of its letters. */
  size: number;
}

const MOST_COMPOUNDS = 20_000;

/** Pages as running text: an empty line between paragraphs, words that were parted at the end of a line together again. */
export function textOf(pages: readonly (readonly Line[])[]): string[] {
  const compounds = compoundsIn(pages);
  return pages.map((lines) => joinLines(lines, compounds));
}

/** Words with a hyphen that stand inside of a line somewhere, and so keep it. */
function compoundsIn(pages: readonly (readonly Line[])[]): ReadonlySet<string> {
  const compounds = new Set<string>();
  for (const line of pages.flat()) {
    for (const [word] of line.text.matchAll(/\p{L}+-\p{L}+/gu)) if (compounds.size < MOST_COMPOUNDS) compounds.add(word.toLowerCase());
  }
  return compounds;
}

function joinLines(lines: readonly Line[], compounds: ReadonlySet<string>): string {
  const usual = usualGap(lines);
  let joined = '';
  for (const [index, line] of lines.entries()) {
    const text = cleaned(line.text);
    const before = lines[index - 1];
    if (!before) joined = text;
    else if (beginsParagraph(before, line, usual)) joined += `\n\n${text}`;
    else joined = joinLine(joined, text, compounds);
  }
  return joined.replaceAll('\u00ad', '');
}

/** The median distance of two lines, in sizes of their letters. */
function usualGap(lines: readonly Line[]): number {
  const gaps = lines.flatMap((line, index) => {
    const gap = (lines[index - 1]?.y ?? line.y) - line.y;
    return gap > 0 ? [gap / line.size] : [];
  });
  return gaps.sort((left, right) => left - right)[gaps.length >> 1] ?? 1.2;
}

/** A larger gap than usual, letters of another size, or a line that does not stand below the one before: a new column. */
function beginsParagraph(before: Line, line: Line, usual: number): boolean {
  const gap = (before.y - line.y) / Math.max(line.size, before.size);
  return gap < 0 || gap > usual * 1.35 || Math.abs(before.size - line.size) > 0.15 * before.size;
}

const CJK = /[\u1100-\u11ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]|[\ud840-\ud88f][\udc00-\udfff]/;
const TAIL = 80;

function joinLine(joined: string, text: string, compounds: ReadonlySet<string>): string {
  const tail = joined.slice(-TAIL);
  const parted = /(\p{L}+)[-\u00ad\u2010]$/u.exec(tail);
  const rest = /^\p{Ll}\p{L}*/u.exec(text)?.[0];
  if (parted && rest !== undefined) return (keepsHyphen(tail, `${parted[1]}-${rest}`, compounds) ? joined : joined.slice(0, -1)) + text;
  const last = /[\ud800-\udbff]?[\s\S]$/.exec(tail)?.[0] ?? '';
  // Chinese has no spaces, so a line that ends is no gap between words.
  return `${joined}${CJK.test(last) && CJK.test(text.slice(0, 2)) ? '' : '\n'}${text}`;
}

/** `well-known` is written so elsewhere, and `--one-like-this` has hyphens of its own. */
function keepsHyphen(tail: string, compound: string, compounds: ReadonlySet<string>): boolean {
  if (tail.endsWith('\u00ad')) return false;
  const token = /\S*$/.exec(tail)?.[0].slice(0, -1) ?? '';
  return /[-\u2010]/u.test(token) || compounds.has(compound.toLowerCase());
}

/** Without control characters; a row of dots leads the eye to a number of a page, and says nothing. */
const cleaned = (text: string): string => text.replaceAll(/[\p{Cc}\u200b\ufeff\ufffe\uffff]/gu, (control) => (control === '\t' ? ' ' : '')).replaceAll(/(?: ?\.){5,}/g, ' … ').replaceAll(/[ \t\u00a0]+/g, ' ').trim();
