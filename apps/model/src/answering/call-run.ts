import { MOST_NAMED_ATTEMPTS, type BudgetCrossing, type Failure, type ModelAttempt, type ModelCall, type ModelOutput, type ModelResult } from '@trivet/contracts';
import type { ModelContext } from './context.js';
import { usageOf, type Charges } from './charges.js';
import type { PreparedRequest } from './prepare-request.js';

/** A call while it is being answered. */
export interface CallRun {
  call: ModelCall;
  context: ModelContext;
  prepared: PreparedRequest;
  /** Aborts when the answer is no longer wanted; the reason says why. */
  signal: AbortSignal;
  /** The claim under which it is answered. */
  epoch: number;
  startedAtMs: number;
  /** Vendor attempts so far, also those of earlier workers: the number in the reservation's id. */
  attempts: number;
  charges: Charges;
  /** The attempts this process made, as they will be told. */
  tried: ModelAttempt[];
  /** Accounts that passed 80 % of a limit with this call. */
  crossed: BudgetCrossing[];
  /** Where the call lets its answer be kept, or an earlier one be taken. */
  cache?: { digest: string; keepMs: number };
  /** Pieces of the answer sent so far, and the attempt the last of them was of. */
  deltas: number;
  deltasOf: number;
}

/** How a call ends. */
export type Ending = { output: ModelOutput } | { failure: Failure };

export function resultOf(run: Pick<CallRun, 'call' | 'context' | 'epoch' | 'startedAtMs' | 'charges' | 'tried' | 'crossed'>, ending: Ending): ModelResult {
  const { call, context, epoch, startedAtMs, charges, tried, crossed } = run;
  return {
    callId: call.callId,
    tenant: call.tenant,
    workflowId: call.workflowId,
    stepId: call.stepId,
    attempt: call.attempt,
    epoch,
    worker: context.worker,
    startedAt: new Date(startedAtMs).toISOString(),
    finishedAt: new Date(context.nowMs()).toISOString(),
    ...(call.parentCallId === undefined ? {} : { parentCallId: call.parentCallId }),
    ...(tried.length > 1 || tried.some(({ outcome }) => outcome !== 'answered') ? { tried: tried.slice(-MOST_NAMED_ATTEMPTS) } : {}),
    ...(crossed.length > 0 ? { crossed } : {}),
    ...(charges.attempts > 0 ? { usage: usageOf(charges) } : {}),
    ...ending,
  };
}
