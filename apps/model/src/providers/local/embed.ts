import { isCjk, wordsOf } from './language.js';

export const LEXICAL_DIMENSIONS = 512;

/** A vector of a text that comes in pieces, cut between words. */
export interface LexicalVector {
  add(piece: string): void;
  /** Of length 1. */
  end(): Float32Array;
}

/**
 * A vector of a text from its words and parts of words alone (signed feature hashing, Weinberger et al. 2009), of
 * length 1: texts that share words are near. It knows nothing about meaning.
 */
export function embedLexically(text: string, dimensions = LEXICAL_DIMENSIONS): Float32Array {
  const vector = startLexicalVector(dimensions);
  vector.add(text);
  return vector.end();
}

export function startLexicalVector(dimensions: number): LexicalVector {
  const vector = new Float32Array(dimensions);
  const count = (feature: string, weight: number): void => {
    const hash = fnv1a(feature);
    const place = hash % dimensions;
    vector[place] = (vector[place] ?? 0) + (hash & 0x80000000 ? -weight : weight);
  };
  return {
    add(piece) {
      for (const word of wordsOf(piece)) {
        count(`word:${word}`, 1);
        if (isCjk(word)) for (const character of word) count(`part:${character}`, 0.5);
        else for (const part of trigramsOf(`#${word}#`)) count(`part:${part}`, 0.35);
      }
    },
    end() {
      const length = Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0)) || 1;
      return vector.map((value) => value / length);
    },
  };
}

function trigramsOf(word: string): string[] {
  return Array.from({ length: Math.max(0, word.length - 2) }, (_, start) => word.slice(start, start + 3));
}

function fnv1a(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
}
