import type { EventData } from '@trivet/contracts';
import type { KeptSignal, WorkflowState } from '../state.js';

/** Events of the workflow as a whole. */

export function applyWorkflowStarted(state: WorkflowState, at: string): WorkflowState {
  return { ...bare(state), status: 'running', startedAt: at, deadlineAt: deadlineFrom(state, at) };
}

/** It runs again; its deadline counts anew, or it would fail at once. */
export function applyWorkflowRetried(state: WorkflowState, at: string): WorkflowState {
  return { ...bare(state), status: 'running', paused: null, deadlineAt: deadlineFrom(state, at) };
}

export function applySignalReceived(state: WorkflowState, data: EventData<'signal.received'>): WorkflowState {
  const signal: KeptSignal = { name: data.name, payload: data.payload ?? null };
  return { ...state, signals: [...state.signals, signal] };
}

export function applySignalConsumed(state: WorkflowState, data: EventData<'signal.consumed'>): WorkflowState {
  const at = state.signals.findIndex((signal) => signal.name === data.name);
  return at < 0 ? state : { ...state, signals: state.signals.toSpliced(at, 1) };
}

const deadlineFrom = ({ accepted: { task } }: WorkflowState, at: string): number | null => (task.deadlineMs === undefined ? null : Date.parse(at) + task.deadlineMs);

/** What every status has: a result, failure or reason of before is gone. */
function bare(state: WorkflowState): Omit<Extract<WorkflowState, { status: 'running' }>, 'status'> {
  const { accepted, steps, done, calling, waiting, children, signals, paused, startedAt, deadlineAt } = state;
  return { accepted, steps, done, calling, waiting, children, signals, paused, startedAt, deadlineAt };
}
