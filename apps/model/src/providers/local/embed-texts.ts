import { setImmediate as nextTurn } from 'node:timers/promises';
import { countLocalTokens } from '../../accounting/local-tokens.js';
import { LEXICAL_DIMENSIONS, startLexicalVector } from './embed.js';
import { piecesOf } from './language.js';

/** The event loop gets its turn after so much work; a piece of a text takes 5 ms. */
const WORK_MS = 10;

/** Lexical vectors of texts, made in pieces between which others have their turn; null when nobody wants them any more. */
export async function embedTexts(texts: readonly string[], { dimensions = LEXICAL_DIMENSIONS, signal }: { dimensions?: number; signal: AbortSignal }): Promise<number[][] | null> {
  const takeTurns = createTurns();
  const vectors: number[][] = [];
  for (const text of texts) {
    const vector = startLexicalVector(dimensions);
    for (const piece of piecesOf(text)) {
      vector.add(piece);
      await takeTurns();
      if (signal.aborted) return null;
    }
    vectors.push([...vector.end()]);
  }
  return vectors;
}

/** What texts count here. */
export async function countTexts(texts: readonly string[]): Promise<number> {
  const takeTurns = createTurns();
  let sum = 0;
  for (const text of texts) {
    sum += countLocalTokens(text);
    await takeTurns();
  }
  return sum;
}

function createTurns(): () => Promise<void> {
  let startedAt = performance.now();
  return async () => {
    if (performance.now() - startedAt < WORK_MS) return;
    await nextTurn();
    startedAt = performance.now();
  };
}
