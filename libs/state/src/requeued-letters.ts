import { keys } from './keys.js';
import { withRedis, type Redis } from './redis.js';

/** Which dead letters were sent back to their streams: each once. A letter is named by its seq and the time it was kept. */
export interface RequeuedLetters {
  /** @returns whether it is ours to send; false: it was sent before, or another sends it now */
  begin: (letter: string) => Promise<boolean>;
  done: (letter: string, atIso: string) => Promise<void>;
  /** It was not sent after all. */
  giveUp: (letter: string) => Promise<void>;
  /** When each was sent; null: it was not. */
  times: (letters: readonly string[]) => Promise<(string | null)[]>;
}

const SENDING = 'sending';
/** Whoever dies while it sends one is waited for no longer. */
const SENDING_MS = 30_000;
/** Longer than letters are kept. */
const KEEP_MS = 32 * 86_400_000;

export function createRequeuedLetters(redis: Redis): RequeuedLetters {
  return {
    begin: async (letter) => (await withRedis(() => redis.set(keys.requeued(letter), SENDING, 'PX', SENDING_MS, 'NX'))) === 'OK',
    done: async (letter, atIso) => void (await withRedis(() => redis.set(keys.requeued(letter), atIso, 'PX', KEEP_MS))),
    giveUp: async (letter) => void (await withRedis(() => redis.del(keys.requeued(letter)))),
    times: async (letters) => {
      if (letters.length === 0) return [];
      const texts = await withRedis(() => redis.mget(letters.map((letter) => keys.requeued(letter))));
      return texts.map((text) => (text === SENDING ? null : text));
    },
  };
}
