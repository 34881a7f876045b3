import type { WorkflowEvent } from '@trivet/contracts';
import { applyStepReset, applyToStep, isStepEvent, type StepEvent } from './events/step-events.js';
import { applyTaskAccepted, pendingStep } from './events/task-accepted.js';
import { applySignalConsumed, applySignalReceived, applyWorkflowRetried, applyWorkflowStarted } from './events/workflow-events.js';
import { stepHasEnded, stepWaits, type Inside, type StepState, type WorkflowState } from './state.js';

/** The state after an event. State is the fold of its events: nothing else ever changes it. */
export function apply(state: WorkflowState | null, event: WorkflowEvent): WorkflowState {
  if (event.type === 'task.accepted') return applyTaskAccepted(event.data, event.workflowId, event.at);
  if (state === null) throw new RangeError(`The first event of a workflow is task.accepted, not ${event.type}`);
  if (isStepEvent(event)) {
    const next = withStep(state, event.data, (step) => applyToStep(step, event));
    return event.type === 'step.started' && event.data.work.kind === 'workflow' ? { ...next, children: next.children + 1 } : next;
  }
  return isEndEvent(event) ? applyEnd(state, event) : applyToWorkflow(state, event);
}

const END_EVENTS = ['workflow.completed', 'workflow.failed', 'workflow.cancelled'] as const;
type EndEvent = Extract<WorkflowEvent, { type: (typeof END_EVENTS)[number] }>;
const isEndEvent = (event: WorkflowEvent): event is EndEvent => END_EVENTS.some((type) => type === event.type);

function applyEnd(state: WorkflowState, event: EndEvent): WorkflowState {
  const { at } = event;
  switch (event.type) {
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

function applyToWorkflow(state: WorkflowState, event: Exclude<WorkflowEvent, EndEvent | StepEvent | { type: 'task.accepted' }>): WorkflowState {
  const { at } = event;
  switch (event.type) {
    case 'workflow.started':
      return applyWorkflowStarted(state, at);
    case 'signal.received':
      return applySignalReceived(state, event.data);
    case 'signal.consumed':
      return applySignalConsumed(state, event.data);
    case 'workflow.paused':
      return { ...state, paused: { reason: event.data.reason } };
    case 'workflow.resumed':
      return { ...state, paused: null };
    case 'workflow.retried':
      return event.data.steps.reduce((reset, stepId) => withStep(reset, { stepId }, applyStepReset), applyWorkflowRetried(state, at));
    case 'workflow.cancelling':
    case 'budget.threshold':
    case 'task.rejected':
    case 'fact.recorded':
      return state;
    default:
      return unreachable(event);
  }
}

/** Changes one step and all that is counted of it. */
function withStep(state: WorkflowState, data: { stepId: string; child?: StepState['childOf'] | undefined }, change: (step: StepState) => StepState): WorkflowState {
  const known = state.steps.get(data.stepId);
  if (!known && !data.child) throw new RangeError(`The plan of ${state.accepted.workflowId} has no step ${data.stepId}`);
  const before: StepState = known ?? { ...pendingStep(data.stepId), ...(data.child ? { childOf: data.child } : {}) };
  const after = change(before);
  const ended = Number(stepHasEnded(after)) - Number(stepHasEnded(before));
  const next = {
    ...state,
    steps: state.steps.with(after),
    done: state.done + (after.childOf ? 0 : ended),
    calling: state.calling + Number(after.status === 'scheduled') - Number(before.status === 'scheduled'),
    waiting: state.waiting + Number(stepWaits(after)) - Number(stepWaits(before)),
  };
  return after.childOf && (!known || ended !== 0) ? withInside(next, after.childOf.parent, known ? before : null, after) : next;
}

/** Keeps count, in the step around it, of a step that began or ended inside. */
function withInside(state: WorkflowState, parentId: string, before: StepState | null, after: StepState): WorkflowState {
  const parent = state.steps.get(parentId);
  if (!parent) return state;
  const { count, completed, without } = parent.inside ?? { count: 0, completed: 0, without: 0 };
  const gained = (status: (step: StepState) => boolean): number => Number(status(after)) - Number(before !== null && status(before));
  const inside: Inside = {
    count: count + Number(before === null),
    completed: completed + gained((step) => step.status === 'completed'),
    without: without + gained((step) => stepHasEnded(step) && step.status !== 'completed'),
  };
  return { ...state, steps: state.steps.with({ ...parent, inside }) };
}

function unreachable(event: never): never {
  throw new RangeError(`unknown event ${JSON.stringify(event)}`);
}
