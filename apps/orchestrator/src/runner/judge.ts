import type { Alive, Bus } from '@trivet/bus';

const PING_TIMEOUT_MS = 1_200;
/** How long a look waits for an answer; a later one counts at the next look. One worker that hangs holds up nobody's look at the others. */
const GRACE_MS = 300;
/** Twice in a row: a worker that is just reconnecting is back by the next look. */
const REFUSALS = 2;
/** A worker that says in Redis that it is there is only busy, until so many pings in a row got no answer: then it is cut off from the bus. */
const SILENCES = 3;

/** Decides whether a worker is gone. */
export interface Judge {
  isGone: (worker: { service: string; id: string; present: boolean }) => Promise<boolean>;
  forget: (workerId: string) => void;
  stop: () => void;
}

/** What is known of a worker since our connection was made. */
interface Acquaintance {
  hasAnswered: boolean;
  last: Alive;
  /** How often in a row nobody was there. */
  refusals: number;
  /** How often in a row it was there and did not answer. */
  silences: number;
  asking: Promise<void> | null;
}

/**
 * A killed process is noticed at once, since the bus answers 'no responders' for it; that is believed only while our own
 * connection is stable and the worker has answered on it before, so that a restart of the broker does not look like
 * mass death. A hung or cut-off one is gone when its presence lapses; one that answers is not, since then it was Redis
 * that was away. One that is present but cut off from the bus alone is gone when it has been silent for about as long.
 */
export function createJudge(bus: Pick<Bus, 'isAlive' | 'onReconnect'>, stableMs: number): Judge {
  const acquaintances = new Map<string, Acquaintance>();
  const stop = bus.onReconnect(() => acquaintances.clear());

  function acquaintanceOf(id: string): Acquaintance {
    const known = acquaintances.get(id);
    if (known) return known;
    const made: Acquaintance = { hasAnswered: false, last: 'unknown', refusals: 0, silences: 0, asking: null };
    acquaintances.set(id, made);
    return made;
  }

  async function ask(service: string, id: string, each: Acquaintance): Promise<void> {
    const answer = await bus.isAlive(service, id, { timeoutMs: PING_TIMEOUT_MS, stableMs });
    each.last = answer;
    each.hasAnswered ||= answer === true;
    each.refusals = answer === false ? each.refusals + 1 : 0;
    each.silences = answer === 'silent' ? each.silences + 1 : 0;
    each.asking = null;
  }

  return {
    isGone: async ({ service, id, present }) => {
      const each = acquaintanceOf(id);
      if (!each.asking) await within((each.asking = ask(service, id, each)), GRACE_MS);
      if (!present) return each.last === false || each.last === 'silent';
      return each.hasAnswered && (each.refusals >= REFUSALS || each.silences >= SILENCES);
    },
    forget: (workerId) => void acquaintances.delete(workerId),
    stop,
  };
}

/** Waits for a task, but not for ever. */
async function within(task: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)));
  await Promise.race([task, late]).finally(() => clearTimeout(timer));
}
