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

/** Chooses one sentence after another: important, and not what has been said; near-duplicates of a chosen one never. */
function rank(sentences: readonly string[], { sentences: wanted, focus }: ExtractOptions): string[] {
  const vectors = wordVectors(focus ? [...sentences, focus] : sentences);
  const focusVector = focus ? vectors.pop() : undefined;
  const graph = similarityGraph(vectors);
  const importance = importanceOf(graph, vectors, focusVector);
  const chosen: number[] = [];
  /** Sentences that may still be chosen, with how much each repeats of what is chosen. */
  const open = new Map(vectors.map((_, position) => [position, 0]));
  while (chosen.length < wanted && open.size > 0) {
    const best = bestOf(open, importance);
    chosen.push(best);
    open.delete(best);
    for (const [other, alike] of graph[best] ?? []) {
      const before = open.get(other);
      if (before === undefined) continue;
      if (alike > NEAR_DUPLICATE) open.delete(other);
      else open.set(other, Math.max(before, alike));
    }
  }
  return chosen.sort((left, right) => left - right).map((position) => sentences[position] ?? '');
}

function bestOf(open: ReadonlyMap<number, number>, importance: readonly number[]): number {
  let best = -1;
  let highest = Number.NEGATIVE_INFINITY;
  for (const [position, repeated] of open) {
    const score = IMPORTANCE_SHARE * (importance[position] ?? 0) - (1 - IMPORTANCE_SHARE) * repeated;
    if (score > highest) [best, highest] = [position, score];
  }
  return best;
}

/** From 0 to 1: how central a sentence is among the others, early ones and those near the focus lifted. */
function importanceOf(graph: readonly Map<number, number>[], vectors: readonly WordVector[], focus: WordVector | undefined): number[] {
  const central = pageRank(graph);
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
