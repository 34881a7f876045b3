import { FailureError, asFailureError, type Failure } from '@trivet/contracts';
import type { ProviderAnswer, ProviderOptions, ProviderRefusal } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import type { CallRun } from './call-run.js';
import { embeddingFor } from './content-for.js';
import { LEASE_MS } from './context.js';
import { linkAbort } from '../linked-abort.js';
import type { Hold } from './hold.js';
import { traceAttempt } from './trace-attempt.js';

export interface AttemptOptions {
  /** Another attempt won: this one is no longer wanted. */
  stop?: AbortSignal;
  /** In place of whoever watches the answer arrive. */
  onText?: (text: string) => void;
}

/**
 * Makes one attempt at a vendor under its reservation, with a heartbeat, a time limit and a span. It does not settle.
 */
export async function makeAttempt(run: CallRun, target: Target, hold: Hold, options: AttemptOptions = {}): Promise<ProviderAnswer | ProviderRefusal> {
  const stop = linkAbort(options.stop ? [run.signal, options.stop] : [run.signal]);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    stop.abort();
  }, target.timeoutMs);
  const heartbeat = setInterval(() => void keepHold(run, hold), LEASE_MS / 3);
  // A process that has nothing else to do may end; the call is then delivered to another.
  timer.unref();
  heartbeat.unref();
  try {
    const outcome = await traceAttempt(run, target, hold, () => complete(run, target, hold, { signal: stop.signal, onText: options.onText ?? ((text) => sendDelta(run, text)) }));
    return outcome.status === 'failed' ? { ...outcome, failure: reasonOf(run, target, isLate, outcome.failure) } : outcome;
  } finally {
    stop.unlink();
    clearTimeout(timer);
    clearInterval(heartbeat);
  }
}

/**
 * A defect in a provider must not take the reservation with it: the attempt has failed, and may have spent. The same
 * goes for one that does not stop when it is told to.
 */
async function complete(run: CallRun, target: Target, hold: Hold, { signal, onText }: { signal: AbortSignal; onText: (text: string) => void }): Promise<ProviderAnswer | ProviderRefusal> {
  let partialText = '';
  const onDelta = (text: string): void => {
    partialText += text;
    onText(text);
  };
  const lost = (failure: Failure, spent = true): ProviderRefusal => ({ status: 'failed', failure, spent, partialText });
  // Stopped while its reservation was made: nobody was asked.
  if (signal.aborted) return lost({ code: 'cancelled', message: `Endpoint ${target.endpoint} was not asked any more.` }, false);
  const deaf = stopIgnored(signal, target.stopGraceMs ?? STOP_GRACE_MS);
  try {
    return await Promise.race([
      ask(run, target, hold, { signal, onDelta }),
      deaf.promise.then(() => lost({ code: 'cancelled', message: `Endpoint ${target.endpoint} was told to stop and did not.` })),
    ]);
  } catch (error) {
    run.context.onNotice(run.call, `Provider ${target.provider.name} threw`, error);
    return lost(asFailureError(error).failure);
  } finally {
    deaf.forget();
  }
}

async function ask({ prepared }: CallRun, target: Target, { request }: Hold, options: ProviderOptions): Promise<ProviderAnswer | ProviderRefusal> {
  const { provider, endpoint } = target;
  if (!prepared.embed) return provider.complete(request, options);
  if (!provider.embed) return { status: 'failed', failure: new FailureError('capability_unavailable', `Endpoint ${endpoint} makes no embeddings.`).failure, spent: false, partialText: '' };
  const answer = await provider.embed(embeddingFor(prepared.embed, target), options);
  if (answer.status === 'failed') return answer;
  const { vectors, ...rest } = answer;
  return { ...rest, text: '', finishReason: 'stop', embeddings: vectors };
}

/** How long a provider may take to stop. */
const STOP_GRACE_MS = 2_000;

/** Resolves when a signal was aborted some time ago. */
function stopIgnored(signal: AbortSignal, graceMs: number): { promise: Promise<void>; forget(): void } {
  let timer: NodeJS.Timeout | undefined;
  let onAbort = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    onAbort = () => void (timer = setTimeout(resolve, graceMs));
    signal.addEventListener('abort', onAbort, { once: true });
  });
  return {
    promise,
    forget() {
      signal.removeEventListener('abort', onAbort);
      clearTimeout(timer);
    },
  };
}

/** A provider that was stopped cannot know why. */
function reasonOf(run: CallRun, target: Target, isLate: boolean, failure: Failure): Failure {
  if (run.signal.aborted) return run.signal.reason instanceof FailureError ? run.signal.reason.failure : failure;
  if (!isLate) return failure;
  return new FailureError('model_timeout', `Endpoint ${target.endpoint} did not answer within ${target.timeoutMs} ms.`).failure;
}

async function keepHold(run: CallRun, hold: Hold): Promise<void> {
  try {
    await run.context.ledger.extend(hold.reservationId, LEASE_MS);
  } catch (error) {
    // The next beat tries again; a lease that lapses charges the hold, and the settlement corrects it.
    run.context.onNotice(run.call, `The hold ${hold.reservationId} could not be extended`, error);
  }
}

/** The first piece after an attempt that had sent some says that the answer begins anew. */
export function sendDelta(run: CallRun, text: string): void {
  for (let at = 0; at < text.length; at += MOST_DELTA_CHARACTERS) sendPiece(run, text.slice(at, at + MOST_DELTA_CHARACTERS));
}

/** A vendor that answers in one piece may send more than a message carries. */
const MOST_DELTA_CHARACTERS = 100_000;

function sendPiece(run: CallRun, text: string): void {
  const restarted = run.attempts > run.deltasOf && run.deltas > 0 ? { restarted: true } : {};
  run.context.onDelta(run.call, { callId: run.call.callId, stepId: run.call.stepId, index: run.deltas, text, ...restarted });
  run.deltas += 1;
  run.deltasOf = run.attempts;
}
