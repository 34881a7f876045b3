import { FailureError, type Failure, type JsonObject, type JsonValue } from '@trivet/contracts';
import { evaluate } from '../expression.js';
import { travelling } from '../large-value.js';
import { planIndex } from '../plan-index.js';
import { outputOf, scopeOf } from '../scope.js';
import type { WorkflowState } from '../state.js';
import type { Effect, Outcome, Surroundings } from '../transition.js';
import { endSteps } from './end-steps.js';

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
  const { facts, effects } = endSteps(state, state.steps.all());
  return { facts: [...facts, { type: 'workflow.failed', data: { failure } }], effects: [...effects, ...clearDeadline(state)] };
}

export function cancel(state: WorkflowState, reason: string): Outcome {
  const { facts, effects } = endSteps(state, state.steps.all());
  return { facts: [{ type: 'workflow.cancelling', data: { reason } }, ...facts, { type: 'workflow.cancelled', data: { reason } }], effects: [...effects, ...clearDeadline(state)] };
}

function resultOf(state: WorkflowState, around: Surroundings): JsonValue {
  const { plan } = state.accepted;
  if (plan.output !== undefined) return evaluate(plan.output, scopeOf(state, plan.steps.map((step) => step.id), around));
  const { dependents } = planIndex(plan);
  const result: JsonObject = {};
  for (const { id } of plan.steps) {
    const step = state.steps.get(id);
    if (step && !dependents.has(id)) result[id] = outputOf(step, around);
  }
  return result;
}

const clearDeadline = (state: WorkflowState): Effect[] => (state.accepted.task.deadlineMs === undefined ? [] : [{ do: 'clear-timer', timer: 'deadline' }]);
