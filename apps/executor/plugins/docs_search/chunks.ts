import type { Document } from '../sources/front-matter.js';

export interface Chunk {
  id: string;
  text: string;
  metadata: { ref: string; title: string };
}

/** A few paragraphs: enough to say what it is about, short enough to be about one thing, and far below what an entry may have. */
const CHUNK_CHARACTERS = 1_200;
const TITLE_CHARACTERS = 200;

/** Documents in pieces with their titles, in the order of their ids. */
export function chunksOf(documents: readonly Document[]): Chunk[] {
  return documents.flatMap(({ name, title, text }) => piecesOf(text).map((piece, index) => ({
    id: `${name}#${String(index).padStart(5, '0')}`,
    text: `${title.slice(0, TITLE_CHARACTERS)}\n${piece}`,
    metadata: { ref: name, title: title.slice(0, TITLE_CHARACTERS) },
  }))).sort((left, right) => (left.id < right.id ? -1 : 1));
}

/** Whole paragraphs as long as they fit together; what is longer by itself is cut, at spaces where there are any. */
function piecesOf(text: string): string[] {
  const pieces: string[] = [];
  for (const paragraph of text.split(/\n\s*\n/).flatMap(cut)) {
    const last = pieces.at(-1);
    if (last !== undefined && last.length + paragraph.length + 2 <= CHUNK_CHARACTERS) pieces[pieces.length - 1] = `${last}\n\n${paragraph}`;
    else pieces.push(paragraph);
  }
  return pieces;
}

function cut(paragraph: string): string[] {
  const parts: string[] = [];
  let rest = paragraph.trim();
  while (rest.length > CHUNK_CHARACTERS) {
    const space = rest.lastIndexOf(' ', CHUNK_CHARACTERS);
    const at = space > CHUNK_CHARACTERS / 2 ? space : CHUNK_CHARACTERS - (isHighSurrogate(rest, CHUNK_CHARACTERS - 1) ? 1 : 0);
    parts.push(rest.slice(0, at).trim());
    rest = rest.slice(at).trim();
  }
  return rest ? [...parts, rest] : parts;
}

/** The first half of a character that takes two. */
const isHighSurrogate = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xd800;
