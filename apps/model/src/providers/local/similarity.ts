import { wordsOf } from './language.js';

/** A text as weights of its words, of length 1. */
export type WordVector = Map<string, number>;

/** TF-IDF vectors: a word counts more the rarer it is among the texts (1 + ln tf) · ln(1 + n / df). */
export function wordVectors(texts: readonly string[]): WordVector[] {
  const counts = texts.map((text) => {
    const count: WordVector = new Map();
    for (const word of wordsOf(text)) count.set(word, (count.get(word) ?? 0) + 1);
    return count;
  });
  const documentFrequency = new Map<string, number>();
  for (const count of counts) for (const word of count.keys()) documentFrequency.set(word, (documentFrequency.get(word) ?? 0) + 1);
  return counts.map((count) => {
    const weights = [...count].map(([word, times]): [string, number] => [word, (1 + Math.log(times)) * Math.log(1 + texts.length / (documentFrequency.get(word) ?? 1))]);
    const length = Math.sqrt(weights.reduce((sum, [, weight]) => sum + weight * weight, 0)) || 1;
    return new Map(weights.map(([word, weight]) => [word, weight / length]));
  });
}

/** Cosine similarity of vectors of length 1. */
export function similarity(left: WordVector, right: WordVector): number {
  const [small, large] = left.size < right.size ? [left, right] : [right, left];
  let sum = 0;
  for (const [word, weight] of small) sum += weight * (large.get(word) ?? 0);
  return sum;
}

/** For each vector the others it shares a word with, found through an index of words. */
export function similarityGraph(vectors: readonly WordVector[]): Map<number, number>[] {
  const index = new Map<string, { position: number; weight: number }[]>();
  vectors.forEach((vector, position) => {
    for (const [word, weight] of vector) {
      const places = index.get(word) ?? [];
      places.push({ position, weight });
      index.set(word, places);
    }
  });
  return vectors.map((vector, position) => {
    const row = new Map<number, number>();
    for (const [word, weight] of vector) {
      for (const other of index.get(word) ?? []) {
        if (other.position !== position) row.set(other.position, (row.get(other.position) ?? 0) + weight * other.weight);
      }
    }
    return row;
  });
}
