import { FailureError, type Failure, type ModelResult } from '@trivet/contracts';
import type { ProviderAnswer, ProviderRefusal } from '../providers/provider.js';
import { afterFailure } from '../routing/retry.js';
import type { Target } from '../routing/router.js';
import { makeAttempt } from './attempt.js';
import { resultOf, type CallRun } from './call-run.js';
import { finishAttempt, recordEnding } from './finish-attempt.js';
import { budgetFailure, holdAttempt, type Hold } from './hold.js';
import { checkOutput, repairMessages } from './output.js';

/** What one endpoint came to: the result of the call, or why the next one is tried, or that no account has enough for it. */
type EndpointOutcome = { result: ModelResult } | { skipped: Failure } | { denied: Failure };

/**
 * Tries the targets in their order until one ends the call. A call that does not fit its budget ends there, unless it
 * may degrade: then cheaper targets and smaller tiers are tried too.
 */
export async function runChain(run: CallRun, targets: readonly Target[]): Promise<ModelResult> {
  const { router } = run.context;
  let last: Failure = new FailureError('model_unavailable', 'No endpoint was tried.').failure;
  let { tier } = run.prepared.wanted;
  let chain: readonly Target[] = targets;
  for (;;) {
    let denied = false;
    for (const target of chain) {
      const outcome = await runEndpoint(run, target);
      if ('result' in outcome) return outcome.result;
      denied ||= 'denied' in outcome;
      last = 'denied' in outcome ? outcome.denied : outcome.skipped;
      if ('denied' in outcome && run.call.onExceed !== 'degrade') return giveUp(run, last);
    }
    tier = denied ? router.smallerTier(tier) : undefined;
    if (tier === undefined) return giveUp(run, last);
    chain = await router.resolve({ tier });
  }
}

/** A refusal that cost nothing is not recorded: asked again after the limit was raised, the call may well fit. */
async function giveUp(run: CallRun, failure: Failure): Promise<ModelResult> {
  return run.attempts === 0 ? resultOf(run, { failure }) : recordEnding(run, { failure });
}

/** Attempts at one endpoint, with waits between them; an answer that does not match its schema gets one repair. */
async function runEndpoint(run: CallRun, target: Target): Promise<EndpointOutcome> {
  let repaired = false;
  for (let attempt = 1; ; attempt += 1) {
    const admission = target.breaker.admit();
    if (!admission.admitted) return { skipped: restingFailure(target, admission.retryInMs) };
    const made = await attemptOnce(run, target);
    if ('denied' in made) return made;
    const { hold, outcome } = made;
    if (outcome.status === 'answered') {
      const checked = checkOutput(outcome, run.prepared, target);
      if ('output' in checked) return ended(run, await finishAttempt(run, target, hold, outcome, checked));
      if (repaired) return ended(run, await finishAttempt(run, target, hold, outcome, { failure: mismatch(target, checked.mistakes) }));
      repaired = true;
      await finishAttempt(run, target, hold, outcome);
      const { content } = run.prepared;
      run.prepared = { ...run.prepared, content: { ...content, messages: [...content.messages, ...repairMessages(outcome.text, checked.mistakes)] } };
      continue;
    }
    const { failure, retryAfterMs } = outcome;
    if (run.signal.aborted) return stopped(run, target, hold, outcome);
    const then = afterFailure({ code: failure.code, retryAfterMs }, attempt, run.context.router.retry, run.context.random());
    if (then.next === 'end') return ended(run, await finishAttempt(run, target, hold, outcome, { failure }));
    await finishAttempt(run, target, hold, outcome);
    if (then.next === 'endpoint') return { skipped: failure };
    await run.context.sleep(then.waitMs, run.signal);
    if (run.signal.aborted) return ended(run, await stop(run));
  }
}

async function attemptOnce(run: CallRun, target: Target): Promise<{ hold: Hold; outcome: ProviderAnswer | ProviderRefusal } | { denied: Failure }> {
  let counted = false;
  try {
    const hold = await holdAttempt(run, target);
    if ('status' in hold) return { denied: budgetFailure(hold) };
    run.context.reach('model.after-reserve-before-vendor');
    const outcome = await makeAttempt(run, target, hold);
    tellBreaker(target, outcome);
    counted = true;
    return { hold, outcome };
  } finally {
    // Whatever ended it before the vendor was heard says nothing about the endpoint.
    if (!counted) target.breaker.forget();
  }
}

function tellBreaker({ breaker }: Target, outcome: ProviderAnswer | ProviderRefusal): void {
  if (outcome.status === 'answered') breaker.succeed();
  else if (outcome.failure.code === 'model_unavailable' || outcome.failure.code === 'model_timeout') breaker.fail();
  else breaker.forget();
}

/** The attempt was charged for what it used; a stop that is not the caller's wish leaves the call to another worker. */
async function stopped(run: CallRun, target: Target, hold: Hold, outcome: ProviderRefusal): Promise<EndpointOutcome> {
  const { reason } = run.signal;
  const ending = reason instanceof FailureError ? { failure: reason.failure } : undefined;
  const result = await finishAttempt(run, target, hold, outcome, ending);
  if (!result) throw reason;
  return { result };
}

async function stop(run: CallRun): Promise<ModelResult> {
  const { reason } = run.signal;
  if (!(reason instanceof FailureError)) throw reason;
  return recordEnding(run, { failure: reason.failure });
}

async function ended(run: CallRun, result: ModelResult | null): Promise<EndpointOutcome> {
  if (!result) throw new Error(`Call ${run.call.callId} ended without a result`);
  return { result };
}

const restingFailure = (target: Target, retryInMs: number): Failure =>
  new FailureError('model_unavailable', `Endpoint ${target.endpoint} failed repeatedly and is left alone for another ${retryInMs} ms.`).failure;

const mismatch = (target: Target, mistakes: string): Failure =>
  new FailureError('model_output_invalid', `The answer of ${target.model} does not match the schema, also after one repair: ${mistakes}.`).failure;
