import { FailureError, type Failure, type JsonObject } from '@trivet/contracts';
import type { CrossedThreshold, Denial, ReserveAnswer } from '@trivet/state';
import { mostCostOf, outputTokensFor } from '../accounting/price.js';
import type { ProviderRequest } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import { LEASE_MS, accountsOf } from './context.js';
import { addAttempt, imageTokensOf } from './charges.js';
import type { CallRun } from './call-run.js';
import { contentFor, embeddingFor } from './content-for.js';

/** An attempt that may be made: its reservation, and the request cut to what was reserved. */
export interface Hold {
  reservationId: string;
  request: ProviderRequest;
  heldAtMs: number;
  /** What was taken from the endpoint's rate. */
  rateTokens: number;
}

/** Another worker has answered the call meanwhile. */
export type Recorded = Extract<ReserveAnswer, { status: 'recorded' }>;

/** The most an attempt may use. */
export interface Bound {
  inputTokens: number;
  maxTokens: number;
}

/** Where the call leaves the output limit to us, less than this is not worth an attempt. */
const FEWEST_OUTPUT_TOKENS = 16;

export async function boundOf(run: CallRun, target: Target): Promise<Bound> {
  const { prepared } = run;
  const { provider, vendorModel } = target;
  if (prepared.embed) return { inputTokens: (await provider.boundEmbeddingTokens?.(embeddingFor(prepared.embed, target))) ?? 0, maxTokens: 0 };
  const maxTokens = Math.min(prepared.maxTokens ?? target.maxOutputTokens, target.maxOutputTokens);
  const content = contentFor(run, target);
  return { inputTokens: (await provider.boundInputTokens({ ...content, model: vendorModel, maxTokens })) + imageTokensOf(content, target), maxTokens };
}

/**
 * Reserves the upper bound of one attempt on every account of the call. Reservations that earlier workers left under
 * this call are closed on the way: what they spent is unknown, so their whole hold is charged. Where the call does not
 * say how much output it wants, the output is cut to what the accounts have left.
 */
export async function holdAttempt(run: CallRun, target: Target, bound: Bound): Promise<Hold | Denial | Recorded> {
  const { prepared, context } = run;
  const base = { ...contentFor(run, target), model: target.vendorModel };
  const { inputTokens } = bound;
  let { maxTokens } = bound;
  const holdOf = (reservationId: string, heldOutput: number): Hold => ({ reservationId, request: { ...base, maxTokens: heldOutput }, heldAtMs: context.nowMs(), rateTokens: bound.inputTokens + bound.maxTokens });
  for (;;) {
    const reservationId = `${run.call.callId}.${run.attempts + 1}`;
    const answer = await context.ledger.reserve({
      reservationId,
      fingerprint: prepared.fingerprint,
      accounts: accountsOf(run.call),
      tokens: inputTokens + maxTokens,
      nanoUsd: mostCostOf(target.price, inputTokens, maxTokens),
      leaseMs: LEASE_MS,
      vendor: { endpoint: target.endpoint, model: target.model },
      call: run.call,
      owner: `${context.worker}:${run.epoch}:${run.startedAtMs}`,
    });
    switch (answer.status) {
      case 'held':
        run.attempts += 1;
        noteCrossed(run, answer.crossed);
        return holdOf(reservationId, maxTokens);
      case 'replayed': {
        run.attempts += 1;
        noteCrossed(run, answer.crossed);
        // Asking again costs nothing, so the hold of a worker that is gone is taken over as it is.
        const heldOutput = answer.tokens - inputTokens;
        if (answer.state === 'held' && target.provider.repeatable && heldOutput > 0) return holdOf(reservationId, heldOutput);
        await closeEarlierAttempt(run, reservationId, answer, inputTokens);
        break;
      }
      case 'recorded':
        return answer;
      case 'conflict':
        throw new FailureError('state_conflict', `Call ${run.call.callId} was made before with another request; a call id names one request.`);
      case 'denied': {
        const smaller = Math.min(maxTokens - 1, outputThatFits(answer, target, inputTokens));
        if (prepared.embed || prepared.maxTokens !== undefined || smaller < FEWEST_OUTPUT_TOKENS) {
          context.onDenied(answer);
          return answer;
        }
        maxTokens = smaller;
      }
    }
  }
}

/** Told with the call's result, so that it stands in the workflow's history; also where an earlier worker died before it could. */
function noteCrossed(run: CallRun, crossed: readonly CrossedThreshold[]): void {
  for (const crossing of crossed) {
    const { name, window, metric, limit, used, held } = crossing;
    // What all tenants together have used is the operator's to know.
    if (crossing.account.scope !== 'global') run.crossed.push({ account: name, window, metric, limit, used, held });
    run.context.onThreshold(run.call, crossing);
  }
}

async function closeEarlierAttempt(run: CallRun, reservationId: string, found: Extract<ReserveAnswer, { status: 'replayed' }>, inputTokens: number): Promise<void> {
  const charged = found.state === 'held' ? await run.context.ledger.expireNow(reservationId) : { tokens: found.chargedTokens, nanoUsd: found.chargedNanoUsd };
  if (!charged || (charged.tokens === 0 && charged.nanoUsd === 0)) return;
  const input = Math.min(inputTokens, charged.tokens);
  run.charges = addAttempt(run.charges, { inputTokens: input, outputTokens: charged.tokens - input, source: 'estimated' }, charged.nanoUsd);
}

function outputThatFits(denial: Denial, target: Target, inputTokens: number): number {
  return denial.metric === 'tokens' ? denial.remaining - inputTokens : outputTokensFor(target.price, inputTokens, denial.remaining);
}

/** What the caller of a call that does not fit is told. */
export function budgetFailure({ account, window, metric, limit, used, held, requested, remaining }: Denial): Failure {
  const unit = metric === 'tokens' ? 'tokens' : 'nano-USD';
  const detail: JsonObject = { account, window, metric, limit, used, held, requested, remaining };
  return new FailureError(
    'budget_exceeded',
    `Account ${account} has not enough left: its ${window} limit is ${limit} ${unit}, ${used} are used and ${held} are held, and this call may need ${requested}.`,
    { detail, hint: `Raise the ${window} limit of ${account}${window === 'total' ? '' : ', or wait for the window to end'}, or ask for fewer output tokens.` },
  ).failure;
}
