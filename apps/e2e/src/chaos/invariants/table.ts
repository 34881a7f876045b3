import type { Invariant } from '../evidence.js';
import { neverAgain, neverEarly, reallyGiven, recordedOnce, sameForAll, signalledOnce } from './effects.js';
import { endsOnce, gapless, journaled, lostOnce, streamed } from './history.js';
import { chargedExactly, nothingHeld } from './ledger.js';

/** All that must hold of each workflow, whatever happened. */
export const INVARIANTS: readonly Invariant[] = [endsOnce, gapless, journaled, streamed, recordedOnce, reallyGiven, sameForAll, neverAgain, lostOnce, signalledOnce, neverEarly, nothingHeld, chargedExactly];
