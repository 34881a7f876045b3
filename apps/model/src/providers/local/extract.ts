import { sentencesOf } from './language.js';
import { similarity, similarityGraph, wordVectors, type WordVector } from './similarity.js';

export interface ExtractOptions {
  /** How many sentences to keep. */
  sentences: number;
  /** Sentences near these words are preferred. */
  focus?: string;
}

/** A chunk's graph grows with the square of its sentences: 400 take about 20 ms, 4,000 a gigabyte. */
const CHUNK_SENTENCES = 400;
/** Above this two sentences say the same thing. */
const NEAR_DUPLICATE = 0.85;
/** How much of the score is importance; the rest is being unlike what is already chosen. */
const IMPORTANCE_SHARE = 0.75;
const DAMPING = 0.85;
const ROUNDS = 40;

/**
 * The most telling sentences of a text, in their own words and order (TextRank, Mihalcea and Tarau 2004, with maximal
 * marginal relevance, Carbonell and Goldstein 1998). Long texts are cut in chunks, whose choices are ranked again.
 */
export function extractSentences(text: string, options: ExtractOptions): string[] {
  let candidates = withoutRepeats(sentencesOf(text));
  while (candidates.length > CHUNK_SENTENCES) {
    // Each round keeps an eighth of every chunk, so the loop ends.
    candidates = chunksOf(candidates).flatMap((chunk) => rank(chunk, { ...options, sentences: Math.max(options.sentences, Math.ceil(chunk.length / 8)) }));
    if (candidates.length <= options.sentences) break;
  }
  return rank(candidates, options);
}

function withoutRepeats(sentences: readonly string[]): string[] {
  const seen = new Set<string>();
  return sentences.filter((sentence) => {
    const key = sentence.toLowerCase().replace(/[\s\p{P}]+/gu, '');
    return !seen.has(key) && seen.add(key);
  });
}

function chunksOf(sentences: readonly string[]): string[][] {
  const chunks: string[][] = [];
  for (let start = 0; start < sentences.length; start += CHUNK_SENTENCES) chunks.push(sentences.slice(start, start + CHUNK_SENTENCES));
  return chunks;
}

function rank(sentences: readonly string[], { sentences: wanted, focus }: ExtractOptions): string[] {
  const vectors = wordVectors(focus ? [...sentences, focus] : sentences);
  const focusVector = focus ? vectors.pop() : undefined;
  const importance = importanceOf(vectors, focusVector);
  const chosen: number[] = [];
  const open = new Set(sentences.keys());
  while (chosen.length < wanted && open.size > 0) {
    const best = bestOf(open, importance, vectors, chosen);
    if (best === undefined) break;
    chosen.push(best);
    open.delete(best);
  }
  return chosen.sort((left, right) => left - right).map((position) => sentences[position] ?? '');
}

/** The next sentence: important, and not what has been said. Near-duplicates of a chosen one leave the set for good. */
function bestOf(open: Set<number>, importance: readonly number[], vectors: readonly WordVector[], chosen: readonly number[]): number | undefined {
  let best: { position: number; score: number } | undefined;
  const last = chosen.at(-1);
  for (const position of open) {
    const vector = vectors[position] ?? new Map();
    if (last !== undefined && similarity(vector, vectors[last] ?? new Map()) > NEAR_DUPLICATE) {
      open.delete(position);
      continue;
    }
    const repeated = Math.max(0, ...chosen.map((other) => similarity(vector, vectors[other] ?? new Map())));
    const score = IMPORTANCE_SHARE * (importance[position] ?? 0) - (1 - IMPORTANCE_SHARE) * repeated;
    if (!best || score > best.score) best = { position, score };
  }
  return best?.position;
}

/** From 0 to 1: how central a sentence is among the others, early ones and those near the focus lifted. */
function importanceOf(vectors: readonly WordVector[], focus: WordVector | undefined): number[] {
  const central = pageRank(similarityGraph(vectors));
  const lifted = central.map((score, position) => score * (1 + 0.3 * Math.exp(-position / 3)) * (focus ? 1 + 4 * similarity(vectors[position] ?? new Map(), focus) : 1));
  const highest = Math.max(...lifted, Number.MIN_VALUE);
  return lifted.map((score) => score / highest);
}

function pageRank(graph: readonly Map<number, number>[]): number[] {
  const total = graph.map((row) => [...row.values()].reduce((sum, weight) => sum + weight, 0) || 1);
  let scores = graph.map(() => 1 / graph.length);
  for (let round = 0; round < ROUNDS; round += 1) {
    const next = graph.map(() => (1 - DAMPING) / graph.length);
    graph.forEach((row, position) => {
      for (const [other, weight] of row) next[other] = (next[other] ?? 0) + (DAMPING * (scores[position] ?? 0) * weight) / (total[position] ?? 1);
    });
    const change = next.reduce((sum, score, position) => sum + Math.abs(score - (scores[position] ?? 0)), 0);
    scores = next;
    if (change < 1e-6) break;
  }
  return scores;
}
