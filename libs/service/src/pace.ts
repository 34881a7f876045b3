/** How much work of a slot should be at hand, in ms: enough that no slot waits for the bus, little enough that none waits long in a busy process. */
const AT_HAND_MS = 40;
const MOST_PER_SLOT = 32;
/** What is assumed until calls have ended. */
const FIRST_MS = 1_000;
const FORGET = 0.9;

/**
 * How many calls a slot should have at hand, from how long they took lately. A long one counts at once and is forgotten slowly: where
 * long and short ones come mixed, few are taken, since many would wait behind a long one.
 */
export interface Pace {
  /** A call ended that took so long. */
  took: (ms: number) => void;
  callsPerSlot: (least: number) => number;
}

export function createPace(): Pace {
  let longMs = FIRST_MS;
  return {
    took: (ms) => {
      longMs = Math.max(ms, longMs * FORGET);
    },
    callsPerSlot: (least) => Math.max(least, Math.min(MOST_PER_SLOT, Math.floor(AT_HAND_MS / longMs))),
  };
}
