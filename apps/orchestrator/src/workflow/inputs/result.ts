import type { CallRecord, Fact, ModelResult, ToolResult } from '@trivet/contracts';
import { failStep } from '../commands/fail-step.js';
import type { StepState, WorkflowState } from '../state.js';
import type { Tier } from '../tier.js';
import { NOTHING, type Outcome, type Surroundings } from '../transition.js';

/**
 * A result came. The first valid one of the current call decides, from whichever worker; a result of a call that has
 * ended changes nothing but the record of what it cost.
 */
export function receiveResult(state: WorkflowState, tier: Tier, result: ToolResult | ModelResult, around: Surroundings): Outcome {
  const step = state.steps.get(result.stepId);
  if (!step) return NOTHING;
  const call = recordOf(tier, result);
  const outcome = outcomeOf({ state, step, tier, result, call, around });
  // A repeat changes nothing, and tells nothing again.
  return outcome === NOTHING ? NOTHING : { ...outcome, facts: [...thresholds(step.id, result), ...outcome.facts] };
}

interface Received {
  state: WorkflowState;
  step: StepState;
  tier: Tier;
  result: ToolResult | ModelResult;
  call: CallRecord;
  around: Surroundings;
}

function outcomeOf({ state, step, tier, result, call, around }: Received): Outcome {
  if (call.parentCallId !== undefined) return alreadyNoted(step, call) ? NOTHING : { facts: [{ type: 'call.completed', data: { stepId: step.id, call } }], effects: [] };
  if (step.status !== 'scheduled' || step.callId !== result.callId) return stale(step, call);
  if (result.failure === undefined) return completed(step.id, tier, result, call);
  return failStep(state, step, result.failure, around, call);
}

function thresholds(stepId: string, result: ToolResult | ModelResult): Fact[] {
  const crossed = 'crossed' in result ? (result.crossed ?? []) : [];
  return crossed.map((crossing) => ({ type: 'budget.threshold', data: { ...crossing, stepId, callId: result.callId } }));
}

function completed(stepId: string, tier: Tier, result: ToolResult | ModelResult, call: CallRecord): Outcome {
  const value = result.outputRef ? { outputRef: result.outputRef } : { output: toJson(result.output) };
  return { facts: [{ type: 'step.completed', data: { stepId, call, ...value } }], effects: [{ do: 'close', callId: call.callId, tier }] };
}

/** A second result of a call: when its first is recorded, this is a repeat; otherwise its cost is noted in the history. */
function stale(step: StepState, call: CallRecord): Outcome {
  if (alreadyNoted(step, call)) return NOTHING;
  const noted: CallRecord = { ...call, outcome: 'stale' };
  return { facts: [{ type: 'call.stale', data: { stepId: step.id, call: noted } }], effects: [] };
}

/** The same delivery again, or the same call computed twice by the same worker. */
const alreadyNoted = (step: StepState, call: CallRecord): boolean =>
  step.calls.some((known) => known.callId === call.callId && known.outcome !== 'lost' && (known.worker === call.worker || known.outcome === 'cancelled' || call.parentCallId !== undefined));

function recordOf(tier: Tier, result: ToolResult | ModelResult): CallRecord {
  const parentCallId = tier === 'model' && 'parentCallId' in result ? result.parentCallId : undefined;
  return {
    callId: result.callId,
    attempt: result.attempt,
    worker: result.worker,
    startedAt: result.startedAt,
    finishedAt: result.finishedAt,
    usage: 'usage' in result ? (result.usage ?? null) : null,
    sandbox: 'sandbox' in result ? (result.sandbox ?? null) : null,
    outcome: result.failure ? 'failed' : 'completed',
    ...(parentCallId ? { parentCallId } : {}),
    ...('tried' in result && result.tried ? { tried: result.tried } : {}),
  };
}

/** Model outputs are JSON values by their schema; the round trip drops what JSON has no word for. */
function toJson(output: ToolResult['output'] | ModelResult['output']): ToolResult['output'] {
  return output === undefined ? null : JSON.parse(JSON.stringify(output));
}
