import { FAILURES, FailureError, ModelResult, type Failure, type ModelOutput } from '@trivet/contracts';
import { afterFailure } from '../routing/retry.js';
import type { Target } from '../routing/router.js';
import { admit, takeRate, type Admission } from './admission.js';
import { keepAnswer } from './cached-answer.js';
import { resultOf, type CallRun } from './call-run.js';
import { finishAttempt, recordEnding, replay } from './finish-attempt.js';
import { attemptHedged, type Made } from './hedged-attempt.js';
import { boundOf, budgetFailure, holdAttempt } from './hold.js';
import { checkOutput, repairMessages } from './output.js';

/** What one endpoint came to: the result of the call, or why the next one is tried, or that no account has enough for it. */
type EndpointOutcome = { result: ModelResult } | { skipped: Failure } | { denied: Failure };

/**
 * Tries the targets in their order until one ends the call. A call that does not fit its budget ends there, unless it
 * may degrade: then cheaper targets and smaller tiers are tried too.
 */
export async function runChain(run: CallRun, targets: readonly Target[]): Promise<ModelResult> {
  const { router } = run.context;
  const failures: ChainFailure[] = [];
  let { tier } = run.prepared.wanted;
  let chain: readonly Target[] = targets;
  for (;;) {
    let denied = false;
    for (const [index, target] of chain.entries()) {
      const outcome = await runEndpoint(run, target, chain[index + 1]);
      if ('result' in outcome) return outcome.result;
      denied ||= 'denied' in outcome;
      if ('denied' in outcome && run.call.onExceed !== 'degrade') return giveUp(run, outcome.denied);
      failures.push({ endpoint: target.endpoint, failure: 'denied' in outcome ? outcome.denied : outcome.skipped });
    }
    tier = denied ? router.smallerTier(tier) : undefined;
    if (tier === undefined) return giveUp(run, failureOf(failures));
    try {
      chain = await router.resolve({ tier, needs: run.prepared.wanted.needs });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      // The smaller tier cannot serve it: what the call came to before stays, with what it cost.
      return giveUp(run, failureOf(failures));
    }
  }
}

interface ChainFailure {
  endpoint: string;
  failure: Failure;
}

/** Of several endpoints' failures the one that trying again may mend, else the first; the others are named. */
export function failureOf(failures: readonly ChainFailure[]): Failure {
  const telling = failures.find(({ failure }) => failure.code === 'budget_exceeded') ?? failures.findLast(({ failure }) => FAILURES[failure.code].retryable) ?? failures[0];
  if (!telling) return new FailureError('model_unavailable', 'No endpoint was tried.').failure;
  const others = failures.filter((each) => each !== telling);
  if (others.length === 0) return telling.failure;
  return { ...telling.failure, message: `${telling.failure.message} Also tried: ${others.map(({ endpoint, failure }) => `${endpoint} (${failure.code})`).join(', ')}.` };
}

/** A refusal that cost nothing is not recorded: asked again after the limit was raised, the call may well fit. */
async function giveUp(run: CallRun, failure: Failure): Promise<ModelResult> {
  return run.attempts === 0 ? resultOf(run, { failure }) : recordEnding(run, { failure });
}

/** Attempts at one endpoint, with waits between them; an answer that does not match its schema gets one repair. */
async function runEndpoint(run: CallRun, target: Target, spare: Target | undefined): Promise<EndpointOutcome> {
  let repaired = false;
  for (let attempt = 1; ; attempt += 1) {
    const admission = await admit(run, target);
    if (admission.status === 'skipped') return { skipped: admission.failure };
    if (admission.status === 'stopped') return ended(run, await stop(run));
    const made = await attemptOnce(run, target, admission, spare);
    if ('stopped' in made) return ended(run, await stop(run));
    if ('denied' in made || 'result' in made || 'skipped' in made) return made;
    const { outcome } = made;
    if (outcome.status === 'answered') {
      const checked = checkOutput(outcome, run.prepared, made.target);
      if ('output' in checked) return answered(run, made, checked.output);
      if (repaired) return ended(run, await finish(run, made, { failure: mismatch(made.target, checked.mistakes) }));
      repaired = true;
      await finish(run, made);
      askForRepair(run, outcome.text, checked.mistakes);
      continue;
    }
    if (run.signal.aborted) return stopped(run, made);
    const { failure, retryAfterMs, partialText } = outcome;
    const then = afterFailure({ code: failure.code, retryAfterMs, brokeOff: spare !== undefined && partialText !== '' }, attempt, run.context.router.retry, run.context.random());
    if (then.next === 'end') return ended(run, await finish(run, made, { failure }));
    await finish(run, made);
    if (then.next === 'endpoint') return { skipped: failure };
    await run.context.sleep(then.waitMs, run.signal);
    if (run.signal.aborted) return ended(run, await stop(run));
  }
}

type AttemptOutcome = Made | { denied: Failure } | { result: ModelResult } | { skipped: Failure } | { stopped: true };

async function attemptOnce(run: CallRun, target: Target, { leave }: Extract<Admission, { status: 'admitted' }>, spare: Target | undefined): Promise<AttemptOutcome> {
  let counted = false;
  try {
    const hold = await holdAttempt(run, target, await boundOf(run, target));
    if ('status' in hold) return hold.status === 'recorded' ? { result: replay(ModelResult.parse(JSON.parse(hold.json)), run) } : { denied: budgetFailure(hold) };
    const turnedAway = await takeRate(run, target, hold.rateTokens);
    if (turnedAway !== undefined) {
      await run.context.ledger.release(hold.reservationId);
      return turnedAway === 'stopped' ? { stopped: true } : { skipped: turnedAway };
    }
    run.context.reach('model.after-reserve-before-vendor');
    const made = await attemptHedged(run, target, hold, spare);
    counted = true;
    return made;
  } finally {
    // Whatever ended it before the vendor was heard says nothing about the endpoint.
    if (!counted) target.breaker.forget();
    leave();
  }
}

const finish = (run: CallRun, { target, hold, outcome }: Made, ending?: { failure: Failure } | { output: ModelOutput }): Promise<ModelResult | null> => finishAttempt(run, target, hold, outcome, ending);

async function answered(run: CallRun, made: Made, output: ModelOutput): Promise<EndpointOutcome> {
  const outcome = await ended(run, await finish(run, made, { output }));
  await keepAnswer(run, output);
  return outcome;
}

function askForRepair(run: CallRun, text: string, mistakes: string): void {
  const { content } = run.prepared;
  run.prepared = { ...run.prepared, content: { ...content, messages: [...content.messages, ...repairMessages(text, mistakes)] } };
}

/** The attempt was charged for what it used; a stop that is not the caller's wish leaves the call to another worker. */
async function stopped(run: CallRun, made: Made): Promise<EndpointOutcome> {
  const { reason } = run.signal;
  const result = await finish(run, made, reason instanceof FailureError ? { failure: reason.failure } : undefined);
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

const mismatch = (target: Target, mistakes: string): Failure =>
  new FailureError('model_output_invalid', `The answer of ${target.model} does not match the schema, also after one repair: ${mistakes}.`).failure;
