import { FailureError, type Failure, type Fact, type JsonObject, type JsonValue } from '@trivet/contracts';
import { evaluate } from '../expression.js';
import { travelling } from '../large-value.js';
import { outputOf, scopeOf } from '../scope.js';
import { planIndex, planStepOf, type WorkflowState } from '../state.js';
import { tierOf } from '../tier.js';
import type { Effect, Outcome, Surroundings } from '../transition.js';

/** All steps have ended: the result is the plan's output, or the outputs of the steps nobody waits for, by id. */
export function complete(state: WorkflowState, around: Surroundings): Outcome {
  try {
    const travel = travelling(resultOf(state, around));
    const data = 'reference' in travel ? { resultRef: travel.reference } : { result: travel.inline };
    return { facts: [{ type: 'workflow.completed', data }], effects: [...travel.effects, ...clearDeadline(state)] };
  } catch (error) {
    if (error instanceof FailureError) return { facts: [{ type: 'workflow.failed', data: { failure: error.failure } }], effects: clearDeadline(state) };
    throw error;
  }
}

export function fail(state: WorkflowState, failure: Failure): Outcome {
  const { facts, effects } = endOpenSteps(state);
  return { facts: [...facts, { type: 'workflow.failed', data: { failure } }], effects: [...effects, ...clearDeadline(state)] };
}

export function cancel(state: WorkflowState, reason: string): Outcome {
  const { facts, effects } = endOpenSteps(state);
  return { facts: [{ type: 'workflow.cancelling', data: { reason } }, ...facts, { type: 'workflow.cancelled', data: { reason } }], effects: [...effects, ...clearDeadline(state)] };
}

/** Steps that run are stopped, those that wait never start. */
function endOpenSteps(state: WorkflowState): Outcome {
  const facts: Fact[] = [];
  const effects: Effect[] = [];
  const stopped: string[] = [];
  for (const step of state.steps.all()) {
    if (step.status === 'scheduled') {
      const planStep = planStepOf(state, step.id);
      effects.push({ do: 'close', callId: step.callId, tier: planStep ? tierOf(planStep) : 'tool' });
      stopped.push(step.callId);
    }
    if (step.status === 'retrying') effects.push({ do: 'clear-timer', timer: `retry-${step.id}` });
    if (step.status === 'scheduled' || step.status === 'retrying' || step.status === 'pending') facts.push({ type: 'step.cancelled', data: { stepId: step.id } });
  }
  if (stopped.length > 0) effects.push({ do: 'stop', callIds: stopped });
  return { facts, effects };
}

function resultOf(state: WorkflowState, around: Surroundings): JsonValue {
  const { plan } = state.accepted;
  if (plan.output !== undefined) return evaluate(plan.output, scopeOf(state, plan.steps.map((step) => step.id), around));
  const { dependents } = planIndex(plan);
  const result: JsonObject = {};
  for (const step of state.steps.all()) if (!dependents.has(step.id)) result[step.id] = outputOf(step, around);
  return result;
}

const clearDeadline = (state: WorkflowState): Effect[] => (state.accepted.task.deadlineMs === undefined ? [] : [{ do: 'clear-timer', timer: 'deadline' }]);
