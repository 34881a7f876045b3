import type { Bus } from '@trivet/bus';

const PING_TIMEOUT_MS = 1_200;
/** How long a look waits for an answer; a later one counts at the next look. One worker that hangs holds up nobody's look at the others. */
const GRACE_MS = 100;
/** Refused at two looks, and for so long: a worker that is just reconnecting is back by then. */
const REFUSALS = 2;
const REFUSED_MS = 190;
/** Where there are several brokers, that of a worker may have died and not ours: nobody is there in its name until it has found another. */
const REFUSED_IN_CLUSTER_MS = 2_000;
/** A worker that says in Redis that it is there is only busy, until it has answered none of our pings for this long: then it is cut off from the bus. */
const CUT_OFF_MS = 3_600;

/** Decides whether a worker is gone. */
export interface Judge {
  isGone: (worker: { service: string; id: string; present: boolean }) => Promise<boolean>;
  forget: (workerId: string) => void;
  stop: () => void;
}

/** What is known of a worker since our connection was made. */
interface Acquaintance {
  hasAnswered: boolean;
  /** How often in a row nobody was there, and since when, on the steady clock. */
  refusals: number;
  refusedSince: number;
  /** When the first ping was sent of those in a row that got no answer. */
  silentSince: number | null;
  /** When the ping was sent that was answered last, by the worker or in its place. */
  heardOfAt: number;
}

/**
 * A killed process is noticed at once, since the bus answers 'no responders' for it; that is believed only while our own
 * connection is stable and the worker has answered on it before, so that a restart of the broker does not look like
 * mass death. A hung or cut-off one is gone when its presence lapses; one that answers is not, since then it was Redis
 * that was away. One that is present but cut off from the bus alone is gone when it has been silent for about as long.
 */
export function createJudge(bus: Pick<Bus, 'isAlive' | 'onReconnect' | 'isClustered'>, stableMs: number, nowMs: () => number = () => performance.now()): Judge {
  const acquaintances = new Map<string, Acquaintance>();
  const stop = bus.onReconnect(() => acquaintances.clear());

  function acquaintanceOf(id: string): Acquaintance {
    const known = acquaintances.get(id);
    if (known) return known;
    const made: Acquaintance = { hasAnswered: false, refusals: 0, refusedSince: 0, silentSince: null, heardOfAt: 0 };
    acquaintances.set(id, made);
    return made;
  }

  /** Each look asks anew: what a worker is asked in the moment of its death nobody answers, what it is asked next the bus does. */
  async function ask(service: string, id: string, each: Acquaintance): Promise<void> {
    const askedAt = nowMs();
    const answer = await bus.isAlive(service, id, { timeoutMs: PING_TIMEOUT_MS, stableMs });
    // Silence is known late, when newer pings may have been answered.
    if (askedAt < each.heardOfAt) return;
    if (answer === 'silent') each.silentSince ??= askedAt;
    else {
      each.heardOfAt = askedAt;
      each.silentSince = null;
      each.hasAnswered ||= answer === true;
      each.refusals = answer === false ? each.refusals + 1 : 0;
      if (each.refusals === 1) each.refusedSince = askedAt;
    }
  }

  return {
    isGone: async ({ service, id, present }) => {
      const each = acquaintanceOf(id);
      await within(ask(service, id, each), GRACE_MS);
      if (!present) return each.refusals > 0 || each.silentSince !== null;
      const isKilled = each.refusals >= REFUSALS && nowMs() - each.refusedSince >= (bus.isClustered() ? REFUSED_IN_CLUSTER_MS : REFUSED_MS);
      const isCutOff = each.silentSince !== null && nowMs() - each.silentSince >= CUT_OFF_MS;
      return each.hasAnswered && (isKilled || isCutOff);
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
