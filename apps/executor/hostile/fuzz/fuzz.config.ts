import type { Parameters } from 'fast-check';

/** What `npm test` tries, the same each time; `npm run fuzz` says how many and from which seed. */
const DEFAULT_CASES = 5000;
const DEFAULT_SEED = 20_261_126;

const number = (name: string, otherwise: number): number => (process.env[name] === undefined ? otherwise : Number(process.env[name]));

const cases = number('FUZZ_CASES', DEFAULT_CASES);
const seed = number('FUZZ_SEED', DEFAULT_SEED);
const path = process.env['FUZZ_PATH'];

/** How many of all cases each property gets: a case costs microseconds here and a process there. `frames` has two properties. */
const SHARES = { modules: 0.6, frames: 0.1, pipe: 0.03, inputs: 0.17 } as const;
export type FuzzPart = keyof typeof SHARES;

/** The settings of one part. A failure says its seed and its path in the words of the command that replays it. */
export function settingsOf<T>(part: FuzzPart): Parameters<T> & { numRuns: number } {
  return {
    numRuns: Math.max(1, Math.round(cases * SHARES[part])),
    seed,
    ...(path ? { path } : {}),
    endOnFailure: true,
    reporter: ({ failed, counterexamplePath, numRuns, errorInstance, counterexample }) => {
      if (!failed) return;
      const replay = `npm run fuzz -- --part ${part} --seed ${seed} --path ${counterexamplePath ?? ''}`;
      throw new Error(`${part}: case ${numRuns} of seed ${seed} fails. Again: ${replay}\n${shown(counterexample)}\n${errorInstance instanceof Error ? errorInstance.stack : String(errorInstance)}`);
    },
  };
}

/** The time a part may take, in ms: far more than it does, so that only what hangs fails. */
export const deadlineOf = (part: FuzzPart): number => 120_000 + settingsOf(part).numRuns * 200;

const MOST_SHOWN = 2000;
const shown = (counterexample: unknown): string => String(JSON.stringify(counterexample, (_key, value: unknown) => (value instanceof Uint8Array ? `${value.length} bytes` : value))).slice(0, MOST_SHOWN);
