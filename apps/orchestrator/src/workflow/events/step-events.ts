import type { CallRecord, EventData } from '@trivet/contracts';
import type { StepState } from '../state.js';

/** One small function for each event of a step: the step before and the event give the step after. */

export function applyStepScheduled(step: StepState, data: EventData<'step.scheduled'>, at: string): StepState {
  return {
    ...common(step),
    status: 'scheduled',
    callId: data.callId,
    attempt: data.attempt,
    deaths: 0,
    attempts: data.attempt,
    startedAt: step.startedAt ?? at,
    input: data.input ?? null,
    ...(data.inputRef ? { inputRef: data.inputRef } : {}),
  };
}

export function applyStepRetrying(step: StepState, data: EventData<'step.retrying'>): StepState {
  return { ...common(step), calls: withCall(step, data.call), status: 'retrying', attempt: data.nextAttempt, retryAt: data.retryAt, failure: data.failure };
}

export function applyStepCompleted(step: StepState, data: EventData<'step.completed'>, at: string): StepState {
  return { ...common(step), calls: withCall(step, data.call), finishedAt: at, status: 'completed', output: data.output ?? null, ...(data.outputRef ? { outputRef: data.outputRef } : {}) };
}

export function applyStepFailed(step: StepState, data: EventData<'step.failed'>, at: string): StepState {
  return { ...common(step), calls: data.call ? withCall(step, data.call) : step.calls, finishedAt: at, status: 'failed', failure: data.failure };
}

export function applyStepSkipped(step: StepState, data: EventData<'step.skipped'>, at: string): StepState {
  return { ...common(step), finishedAt: at, status: 'skipped', reason: data.reason };
}

export function applyStepCancelled(step: StepState, at: string): StepState {
  const open: CallRecord[] = step.status === 'scheduled' ? [{ callId: step.callId, attempt: step.attempt, worker: null, startedAt: null, finishedAt: at, usage: null, sandbox: null, outcome: 'cancelled' }] : [];
  return { ...common(step), calls: [...step.calls, ...open], finishedAt: at, status: 'cancelled' };
}

export function applyCallLost(step: StepState, data: EventData<'call.lost'>): StepState {
  const calls = withCall(step, data.call);
  return step.status === 'scheduled' && step.callId === data.callId ? { ...step, calls, deaths: data.deaths } : { ...step, calls };
}

/** A model call inside the step's tool, or a result that came too late. */
export function applyCallNoted(step: StepState, call: CallRecord): StepState {
  return { ...step, calls: withCall(step, call) };
}

const withCall = (step: StepState, call: CallRecord): readonly CallRecord[] => [...step.calls, call];

function common(step: StepState): Omit<Extract<StepState, { status: 'pending' }>, 'status'> {
  const { id, attempts, startedAt, finishedAt, calls, input, inputRef } = step;
  return { id, attempts, startedAt, finishedAt, calls, input, ...(inputRef ? { inputRef } : {}) };
}
