import type { Bus } from '@trivet/bus';
import type { RecoveryState, Witness, WitnessOf } from '@trivet/state';

const RETRY_MS = 250;

/**
 * Whether the journal still holds what is marked as journaled. Of each partition, and of the facts, Redis knows one message that was
 * marked, its witness: a stream that went back to an older store, or was made anew, has another message in its place, or none,
 * also when it has grown past it since. Nothing is marked after a reconnect before the witnesses were looked at, so that
 * they are those of the time before.
 */
export interface Continuity {
  /** Resolves when the journal was looked at since the broker came back: what is marked from now on is not mixed up with what it lost. */
  verified: () => Promise<void>;
  /** Remembers a message that is marked now. */
  leave: (of: WitnessOf, witness: Witness) => Promise<void>;
  /** Looks now; a loss is noted in the checkpoint, so that somebody fills the journal again. */
  look: () => Promise<void>;
  stop: () => void;
}

export interface ContinuityParts {
  bus: Pick<Bus, 'streamState' | 'messageIdAt' | 'onReconnect'>;
  state: Pick<RecoveryState, 'leaveWitness' | 'witnesses' | 'distrustJournal'>;
  onError: (error: unknown) => void;
}

export function createContinuity({ bus, state, onError }: ContinuityParts): Continuity {
  let verified: Promise<void> | null = null;
  let stopped = false;

  async function look(): Promise<void> {
    const witnesses = await state.witnesses();
    if (witnesses.length === 0) return;
    const { firstSeq } = await bus.streamState('EVENTS');
    const absent = await Promise.all(witnesses.map((witness) => isAbsent(bus, witness, firstSeq)));
    if (absent.includes(true)) await state.distrustJournal();
  }

  async function lookUntilDone(): Promise<void> {
    while (!stopped) {
      try {
        return await look();
      } catch (error) {
        onError(error);
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  const forget = bus.onReconnect(() => (verified = null));
  return {
    verified: () => (verified ??= lookUntilDone()),
    leave: (of, witness) => state.leaveWitness(of, witness),
    look,
    stop: () => {
      stopped = true;
      forget();
    },
  };
}

/** One older than all that the stream holds had its time. */
async function isAbsent(bus: ContinuityParts['bus'], { seq, messageId }: Witness, firstSeq: number): Promise<boolean> {
  return seq >= firstSeq && (await bus.messageIdAt('EVENTS', seq)) !== messageId;
}
