import { INLINE_LIMIT_BYTES, ModelResult, type ModelAttempt } from '@trivet/contracts';
import type { ProviderAnswer, ProviderRefusal } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import { addAttempt, attemptCost, attemptUsage } from './charges.js';
import { resultOf, type CallRun, type Ending } from './call-run.js';
import { KEEP_MS } from './context.js';
import type { Hold } from './hold.js';

/**
 * Closes an attempt's reservation. With an ending, the call's result is recorded in the same script, so that no crash
 * can charge without an answer or answer without a charge; the result that stands is returned, which is another
 * worker's if that came first.
 */
export async function finishAttempt(run: CallRun, target: Target, hold: Hold, outcome: ProviderAnswer | ProviderRefusal, ending?: Ending): Promise<ModelResult | null> {
  const { ledger } = run.context;
  const { reservationId } = hold;
  run.context.reach('model.after-vendor-before-settle');
  const report = { endpoint: target.endpoint, model: target.model, outcome: outcome.status === 'answered' ? ('answered' as const) : outcome.failure.code, durationMs: Math.max(0, run.context.nowMs() - hold.heldAtMs) };
  const tell = (attempt: ModelAttempt): void => {
    run.tried.push(attempt);
    run.context.onAttempt(attempt, target.provider.name);
  };
  if (outcome.status === 'failed' && !outcome.spent) {
    await ledger.release(reservationId);
    await giveBackRate(run, target, hold.rateTokens);
    tell({ ...report, inputTokens: 0, outputTokens: 0, costNanoUsd: 0 });
    return ending ? recordEnding(run, ending) : null;
  }
  const usage = await attemptUsage(target, hold.request, outcome, run.prepared.embed?.inputs);
  const nanoUsd = attemptCost(target, usage);
  run.charges = addAttempt(run.charges, usage, nanoUsd, `${target.endpoint}/${target.model}`);
  tell({ ...report, inputTokens: usage.inputTokens, outputTokens: usage.outputTokens, costNanoUsd: nanoUsd });
  const packedResult = ending && (await packed(run, resultOf(run, ending)));
  const answer = await ledger.settle({
    reservationId,
    tokens: usage.inputTokens + usage.outputTokens,
    nanoUsd,
    inputTokens: usage.inputTokens,
    // The offline provider sends no bill: what it counts is its word.
    word: target.provider.repeatable ? 'reported' : usage.source,
    keepMs: KEEP_MS,
    ...(packedResult ? { result: { call: run.call, json: packedResult.json } } : {}),
  });
  await giveBackRate(run, target, hold.rateTokens - usage.inputTokens - usage.outputTokens);
  if (answer.transition.status === 'done' && answer.transition.over) run.context.onNotice(run.call, `Attempt ${reservationId} used more than was held; the excess is charged`);
  if (answer.transition.status === 'missing') run.context.onNotice(run.call, `Reservation ${reservationId} is gone, so what it used is not on the accounts`);
  return packedResult ? standing(run, packedResult, answer.recorded) : null;
}

/** What an attempt took from its endpoint's rate and did not use. Nothing depends on it: a rate that gets less back is only slower. */
async function giveBackRate({ call, context }: CallRun, { endpoint, rates }: Target, tokens: number): Promise<void> {
  if (!rates) return;
  await context.rates.giveBack(endpoint, rates, Math.max(0, tokens)).catch((error: unknown) => context.onNotice(call, `Endpoint ${endpoint} did not get back ${tokens} tokens of its rate`, error));
}

/** Records how a call ended where no settlement carries it. */
export async function recordEnding(run: CallRun, ending: Ending): Promise<ModelResult> {
  const ours = await packed(run, resultOf(run, ending));
  return standing(run, ours, await run.context.ledger.recordResult(run.call, ours.json, KEEP_MS));
}

function standing(run: CallRun, ours: Packed, recorded: string | null): ModelResult {
  return recorded === null || recorded === ours.json ? ours.result : replay(ModelResult.parse(JSON.parse(recorded)), run);
}

/** A recorded result, sent again under the claim that asks for it now. */
export const replay = (recorded: ModelResult, { epoch, context }: Pick<CallRun, 'epoch' | 'context'>): ModelResult => ({ ...recorded, epoch, worker: context.worker, replayed: true });

/** A result and the text that is recorded of it. */
interface Packed {
  result: ModelResult;
  json: string;
}

/** A result is recorded whole: what is too large for that goes beside it, and what only explains is left out before it fails. */
async function packed(run: CallRun, result: ModelResult): Promise<Packed> {
  const whole = withText(result);
  if (fits(whole)) return whole;
  const { output, ...rest } = result;
  const outside = output === undefined ? result : { ...rest, outputRef: await run.context.blobs.put(Buffer.from(JSON.stringify(output))) };
  const packedOutside = withText(outside);
  if (fits(packedOutside)) return packedOutside;
  const { tried: _, crossed: __, ...least } = outside;
  return withText(least);
}

const withText = (result: ModelResult): Packed => ({ result, json: JSON.stringify(result) });
const fits = ({ json }: Packed): boolean => Buffer.byteLength(json) <= INLINE_LIMIT_BYTES;
