import type { CallRecord, Failure } from '@trivet/contracts';
import { planStepOf } from '../plan-index.js';
import type { WorkflowState } from '../state.js';
import { tierOf } from '../tier.js';
import { NOTHING, type Outcome } from '../transition.js';

/** After so many deaths of workers under one call, the call itself is taken to be what kills them. */
export const MOST_DEATHS = 3;
/** No broker loses so many results of one call: it is the result itself that cannot be read. */
export const MOST_LOSSES = 12;

/**
 * The worker that held a call is dead, or the broker lost what it had published: another takes the call over under a
 * higher epoch, which uses up no retry. Only a death counts towards poisoning; the loss of a broker never does.
 */
export function receiveCallLost(state: WorkflowState, input: { type: 'worker-lost' | 'result-lost'; callId: string; worker: string; epoch: number }, nowIso: string): Outcome {
  for (const step of state.steps.all()) {
    if (step.status !== 'scheduled' || step.callId !== input.callId) continue;
    const planStep = planStepOf(state, step.id);
    if (!planStep) return NOTHING;
    const deaths = step.deaths + (input.type === 'worker-lost' ? 1 : 0);
    const call: CallRecord = { callId: input.callId, attempt: step.attempt, worker: input.worker, startedAt: null, finishedAt: nowIso, usage: null, sandbox: null, outcome: 'lost' };
    const lost = { type: 'call.lost', data: { stepId: step.id, callId: input.callId, worker: input.worker, deaths, call } } as const;
    const tier = tierOf(planStep);
    const losses = step.calls.filter((each) => each.callId === input.callId && each.outcome === 'lost').length;
    if (deaths < MOST_DEATHS && losses < MOST_LOSSES) return { facts: [lost], effects: [{ do: 'reopen', callId: input.callId, tier, worker: input.worker, epoch: input.epoch }] };
    const failure: Failure = { code: 'poisoned', message: `Step ${step.id} was lost ${losses + 1} times, ${deaths} of them because its worker died (call ${input.callId}); it is not tried again.`, hint: 'Look at the dead letter; the call itself probably kills its worker.' };
    return {
      facts: [lost, { type: 'step.failed', data: { stepId: step.id, failure, call: null } }],
      effects: [{ do: 'close', callId: input.callId, tier }, { do: 'dead-letter', stepId: step.id, callId: input.callId, failure }],
    };
  }
  return NOTHING;
}
