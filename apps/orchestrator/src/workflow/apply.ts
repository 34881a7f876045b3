import type { WorkflowEvent } from '@trivet/contracts';
import { applyCallLost, applyCallNoted, applyStepCancelled, applyStepCompleted, applyStepFailed, applyStepRetrying, applyStepScheduled, applyStepSkipped } from './events/step-events.js';
import { applyTaskAccepted } from './events/task-accepted.js';
import { stepHasEnded, type StepState, type WorkflowState } from './state.js';

/** The state after an event. State is the fold of its events: nothing else ever changes it. */
export function apply(state: WorkflowState | null, event: WorkflowEvent): WorkflowState {
  if (event.type === 'task.accepted') return applyTaskAccepted(event.data, event.workflowId, event.at);
  if (state === null) throw new RangeError(`The first event of a workflow is task.accepted, not ${event.type}`);
  const { at } = event;
  switch (event.type) {
    case 'workflow.started':
      return { ...state, status: 'running', startedAt: at };
    case 'step.scheduled':
      return withStep(state, event.data.stepId, (step) => applyStepScheduled(step, event.data, at));
    case 'step.retrying':
      return withStep(state, event.data.stepId, (step) => applyStepRetrying(step, event.data));
    case 'step.completed':
      return withStep(state, event.data.stepId, (step) => applyStepCompleted(step, event.data, at));
    case 'step.failed':
      return withStep(state, event.data.stepId, (step) => applyStepFailed(step, event.data, at));
    case 'step.skipped':
      return withStep(state, event.data.stepId, (step) => applyStepSkipped(step, event.data, at));
    case 'step.cancelled':
      return withStep(state, event.data.stepId, (step) => applyStepCancelled(step, at));
    case 'call.lost':
      return withStep(state, event.data.stepId, (step) => applyCallLost(step, event.data));
    case 'call.completed':
    case 'call.stale':
      return withStep(state, event.data.stepId, (step) => applyCallNoted(step, event.data.call));
    case 'workflow.cancelling':
    case 'task.rejected':
      return state;
    case 'workflow.completed':
      return { ...state, status: 'completed', finishedAt: at, result: event.data.result ?? null, ...(event.data.resultRef ? { resultRef: event.data.resultRef } : {}) };
    case 'workflow.failed':
      return { ...state, status: 'failed', finishedAt: at, failure: event.data.failure };
    case 'workflow.cancelled':
      return { ...state, status: 'cancelled', finishedAt: at, reason: event.data.reason };
    default:
      return unreachable(event);
  }
}

function withStep(state: WorkflowState, stepId: string, change: (step: StepState) => StepState): WorkflowState {
  const before = state.steps.get(stepId);
  if (!before) throw new RangeError(`The plan of ${state.accepted.workflowId} has no step ${stepId}`);
  const after = change(before);
  const done = state.done + Number(stepHasEnded(after)) - Number(stepHasEnded(before));
  return { ...state, steps: state.steps.with(after), done };
}

function unreachable(event: never): never {
  throw new RangeError(`unknown event ${JSON.stringify(event)}`);
}
