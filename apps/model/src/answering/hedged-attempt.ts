import type { ProviderAnswer, ProviderRefusal } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import { admit, takeRate } from './admission.js';
import { makeAttempt, sendDelta } from './attempt.js';
import type { CallRun } from './call-run.js';
import { finishAttempt } from './finish-attempt.js';
import { boundOf, holdAttempt, type Hold } from './hold.js';

/** An attempt that is over and not yet settled. */
export interface Made {
  target: Target;
  hold: Hold;
  outcome: ProviderAnswer | ProviderRefusal;
}

/**
 * Makes an attempt; when its endpoint has given nothing for `hedgeAfterMs`, the next in the chain is asked as well. The
 * first that shows a sign of its answer goes on, the other is stopped and charged for what it used before the call ends,
 * so that the call's usage is whole. Each attempt has a reservation of its own.
 */
export async function attemptHedged(run: CallRun, target: Target, hold: Hold, spare: Target | undefined): Promise<Made> {
  const { hedgeAfterMs } = target;
  if (hedgeAfterMs === undefined || spare === undefined || run.prepared.embed) {
    const outcome = await makeAttempt(run, target, hold);
    tellBreaker(target, outcome);
    return { target, hold, outcome };
  }
  const first = start(run, target, hold);
  try {
    const second = (await isSilentFor(run, first, hedgeAfterMs)) ? await startSpare(run, spare) : null;
    if (second) return await race(run, first, second);
  } catch (error) {
    // This process cannot do its job; nobody will settle what goes on here, so it must not go on.
    first.loses();
    throw error;
  }
  first.wins();
  return first.made;
}

interface Started {
  target: Target;
  made: Promise<Made>;
  /** Resolves with the first piece of its answer, or with the whole. */
  sign: Promise<void>;
  /** Sends on what it says, from its beginning. */
  wins(): void;
  loses(): void;
  /** Frees its place. */
  leave(): void;
}

function start(run: CallRun, target: Target, hold: Hold, leave: () => void = () => undefined): Started {
  const stop = new AbortController();
  let held: string[] | null = [];
  let sawSign = (): void => undefined;
  const sign = new Promise<void>((resolve) => (sawSign = resolve));
  const onText = (text: string): void => {
    if (text === '') return;
    if (held) held.push(text);
    else sendDelta(run, text);
    sawSign();
  };
  const made = makeAttempt(run, target, hold, { stop: stop.signal, onText }).then((outcome) => {
    if (stop.signal.aborted) target.breaker.forget();
    else tellBreaker(target, outcome);
    if (outcome.status === 'answered') sawSign();
    return { target, hold, outcome };
  });
  return {
    target,
    made,
    sign,
    wins: () => {
      const texts = held ?? [];
      held = null;
      for (const text of texts) sendDelta(run, text);
    },
    loses: () => stop.abort(),
    leave,
  };
}

async function isSilentFor(run: CallRun, { sign, made }: Started, ms: number): Promise<boolean> {
  const heard = new AbortController();
  const signal = AbortSignal.any([run.signal, heard.signal]);
  const silent = run.context.sleep(ms, signal).then(() => true);
  const isSilent = await Promise.race([silent, sign.then(() => false), made.then(() => false)]);
  heard.abort();
  return isSilent && !run.signal.aborted;
}

/** null: the spare is not to be had at once, or no account has enough for it; the first goes on alone. */
async function startSpare(run: CallRun, spare: Target): Promise<Started | null> {
  const admission = await admit(run, spare, { atOnce: true });
  if (admission.status !== 'admitted') return null;
  const giveUp = (): null => {
    admission.leave();
    spare.breaker.forget();
    return null;
  };
  try {
    const hold = await holdAttempt(run, spare, await boundOf(run, spare));
    if ('status' in hold) return giveUp();
    if ((await takeRate(run, spare, hold.rateTokens, 0)) === undefined) return start(run, spare, hold, admission.leave);
    await run.context.ledger.release(hold.reservationId);
    return giveUp();
  } catch (error) {
    giveUp();
    throw error;
  }
}

async function race(run: CallRun, first: Started, second: Started): Promise<Made> {
  const failed = async ({ made }: Started): Promise<'failed' | 'answered'> => ((await made).outcome.status === 'failed' ? 'failed' : 'answered');
  // Who fails without a word loses to whoever is left; when both do, the first one's failure counts.
  const winner = await Promise.race([
    first.sign.then(() => first),
    second.sign.then(() => second),
    Promise.all([failed(first), failed(second)]).then(([one, other]) => (one === 'failed' && other === 'answered' ? second : first)),
  ]);
  const loser = winner === first ? second : first;
  winner.wins();
  loser.loses();
  const [made, lost] = await Promise.all([winner.made, loser.made]).finally(second.leave);
  await finishAttempt(run, loser.target, lost.hold, lost.outcome);
  return made;
}

export function tellBreaker({ breaker }: Target, outcome: ProviderAnswer | ProviderRefusal): void {
  if (outcome.status === 'answered') breaker.succeed();
  else if (outcome.failure.code === 'model_unavailable' || outcome.failure.code === 'model_timeout') breaker.fail();
  else breaker.forget();
}
