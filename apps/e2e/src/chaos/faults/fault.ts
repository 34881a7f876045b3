import type { World } from '../world.js';

/** Something that goes wrong, for a while. */
export interface Fault {
  name: string;
  /** What it does, in a few words. */
  what: string;
  /** Those that hit a process come one right after the other; around the processes there is one at a time. */
  track: 'processes' | 'surroundings';
  /** Shortest and longest. */
  lastsMs: readonly [number, number];
  /** How many of its cards are dealt; one when absent. */
  weight?: number;
  /** Does it, and undoes it after its time. Resolves when all is as it was; the schedule waits for it. */
  run: (world: World, given: { lastsMs: number; aim: number }) => Promise<void>;
  /** What the services have to be told so that they promise to survive it. */
  environment?: Record<string, string>;
  /** Why it cannot be had here; null when it can. */
  unavailable?: (world: World) => string | null;
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
