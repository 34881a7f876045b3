import type { CallRecord, EventData, StepWork, WorkflowEvent } from '@trivet/contracts';
import type { ApprovalWork, StepCommon, StepState } from '../state.js';

const STEP_EVENTS = ['step.scheduled', 'step.started', 'step.retrying', 'step.reused', 'step.completed', 'step.failed', 'step.skipped', 'step.cancelled', 'call.lost', 'call.completed', 'call.stale', 'approval.requested', 'approval.decided'] as const;
export type StepEvent = Extract<WorkflowEvent, { type: (typeof STEP_EVENTS)[number] }>;

/** Whether an event is about one step. */
export const isStepEvent = (event: WorkflowEvent): event is StepEvent => STEP_EVENT_TYPES.has(event.type);

const STEP_EVENT_TYPES: ReadonlySet<string> = new Set(STEP_EVENTS);

/** The step after an event about it. */
export function applyToStep(step: StepState, event: StepEvent): StepState {
  const { at } = event;
  switch (event.type) {
    case 'step.scheduled':
      return applyStepScheduled(step, event.data, at);
    case 'step.started':
      return applyStepStarted(step, event.data, at);
    case 'step.retrying':
      return applyStepRetrying(step, event.data);
    case 'step.reused':
      return applyStepReused(step, event.data, at);
    case 'step.completed':
      return applyStepCompleted(step, event.data, at);
    case 'step.failed':
      return applyStepFailed(step, event.data, at);
    case 'step.skipped':
      return applyStepSkipped(step, event.data, at);
    case 'step.cancelled':
      return applyStepCancelled(step, at);
    case 'call.lost':
      return applyCallLost(step, event.data);
    case 'call.completed':
    case 'call.stale':
      return applyCallNoted(step, event.data.call);
    case 'approval.requested':
      return applyApprovalRequested(step, event.data, at);
    case 'approval.decided':
      return applyApprovalDecided(step, event.data);
    default:
      return unreachable(event);
  }
}

function unreachable(event: never): never {
  throw new RangeError(`unknown event ${JSON.stringify(event)}`);
}

function applyStepScheduled(step: StepState, data: EventData<'step.scheduled'>, at: string): StepState {
  return Object.assign(begun(step, data, at), { status: 'scheduled', callId: data.callId, attempt: data.attempt, deaths: 0 } as const);
}

function applyStepStarted(step: StepState, data: EventData<'step.started'>, at: string): StepState {
  return { ...begun(step, data, at), status: 'open', callId: data.callId, attempt: data.attempt, work: data.work };
}

function applyApprovalRequested(step: StepState, data: EventData<'approval.requested'>, at: string): StepState {
  const { approvalId, purpose, question, details, detailsRef, expiresAt, onExpire } = data;
  const work: ApprovalWork = { kind: 'approval', approvalId, purpose, question, details: details ?? null, ...(detailsRef ? { detailsRef } : {}), requestedAt: at, expiresAt, onExpire };
  const input = purpose === 'step' ? { question, ...(details === undefined ? {} : { details }) } : step.input;
  // What a dangerous tool or a spent budget holds up is not begun by asking: its call is.
  const attempts = purpose === 'step' ? data.attempt : step.attempts;
  const calls = data.call ? withCall(step, data.call) : step.calls;
  return { ...common(step), calls, attempts, input, startedAt: step.startedAt ?? at, status: 'open', callId: approvalId.slice(approvalId.lastIndexOf('.') + 1), attempt: data.attempt, work };
}

function applyApprovalDecided(step: StepState, data: EventData<'approval.decided'>): StepState {
  if (data.decision !== 'approve' || step.status !== 'open' || step.work.kind !== 'approval' || step.work.purpose === 'step') return step;
  const { details } = step.work;
  const approved = step.work.purpose === 'tool' ? { approved: { input: data.edited ?? details } } : {};
  return { ...common(step), ...approved, status: 'pending' };
}

function applyStepRetrying(step: StepState, data: EventData<'step.retrying'>): StepState {
  return { ...common(step), calls: withCall(step, data.call), ...(data.tier ? { tier: data.tier } : {}), status: 'retrying', attempt: data.nextAttempt, retryAt: data.retryAt, failure: data.failure };
}

function applyStepReused(step: StepState, data: EventData<'step.reused'>, at: string): StepState {
  return {
    ...common(step),
    input: data.input ?? null,
    ...(data.inputRef ? { inputRef: data.inputRef } : {}),
    calls: data.call ? [data.call] : [],
    reusedFrom: data.from,
    startedAt: at,
    finishedAt: at,
    status: 'completed',
    output: data.output ?? null,
    ...(data.outputRef ? { outputRef: data.outputRef } : {}),
  };
}

function applyStepCompleted(step: StepState, data: EventData<'step.completed'>, at: string): StepState {
  return Object.assign(common(step), { calls: withCall(step, data.call), finishedAt: at, status: 'completed', output: data.output ?? null } as const, data.outputRef ? { outputRef: data.outputRef } : undefined);
}

function applyStepFailed(step: StepState, data: EventData<'step.failed'>, at: string): StepState {
  return { ...common(step), calls: data.call ? withCall(step, data.call) : step.calls, finishedAt: at, status: 'failed', failure: data.failure, ...keptWork(step) };
}

function applyStepSkipped(step: StepState, data: EventData<'step.skipped'>, at: string): StepState {
  return { ...common(step), finishedAt: at, status: 'skipped', reason: data.reason };
}

function applyStepCancelled(step: StepState, at: string): StepState {
  const open: CallRecord[] = step.status === 'scheduled' ? [{ callId: step.callId, attempt: step.attempt, worker: null, startedAt: null, finishedAt: at, usage: null, sandbox: null, outcome: 'cancelled' }] : [];
  return { ...common(step), calls: [...step.calls, ...open], finishedAt: at, status: 'cancelled', ...keptWork(step) };
}

/** The workflow is retried: the step begins anew; a map or an agent goes on with what it has. */
export function applyStepReset(step: StepState): StepState {
  const { approved: _, ...rest } = common(step);
  const again = { ...rest, attemptsBefore: step.attempts, finishedAt: null };
  const work = (step.status === 'failed' || step.status === 'cancelled') && step.work;
  if (!work || (work.kind !== 'map' && work.kind !== 'agent' && work.kind !== 'code')) return { ...again, status: 'pending' };
  return { ...again, status: 'open', callId: step.calls.at(-1)?.callId ?? '', attempt: step.attempts, work };
}

function applyCallLost(step: StepState, data: EventData<'call.lost'>): StepState {
  const calls = withCall(step, data.call);
  return step.status === 'scheduled' && step.callId === data.callId ? { ...step, calls, deaths: data.deaths } : { ...step, calls };
}

/** A model call inside the step's tool, or a result that came too late. */
function applyCallNoted(step: StepState, call: CallRecord): StepState {
  return { ...step, calls: withCall(step, call) };
}

const withCall = (step: StepState, call: CallRecord): readonly CallRecord[] => [...step.calls, call];

const keptWork = (step: StepState): { work?: StepWork } => (step.status === 'open' && step.work.kind !== 'approval' ? { work: step.work } : {});

function begun(step: StepState, data: EventData<'step.scheduled' | 'step.started'>, at: string): StepCommon {
  const begun = common(step);
  begun.attempts = data.attempt;
  begun.startedAt = step.startedAt ?? at;
  begun.input = data.input ?? null;
  if (data.inputRef) begun.inputRef = data.inputRef;
  else if (begun.inputRef) delete begun.inputRef;
  return begun;
}

/** What a step keeps from one status to the next. Assigned and not spread: this is done for every event. */
function common(step: StepState): StepCommon {
  const { id, attempts, startedAt, finishedAt, calls, input } = step;
  const kept: StepCommon = { id, attempts, startedAt, finishedAt, calls, input };
  if (step.attemptsBefore !== undefined) kept.attemptsBefore = step.attemptsBefore;
  if (step.inputRef) kept.inputRef = step.inputRef;
  if (step.childOf) kept.childOf = step.childOf;
  if (step.inside) kept.inside = step.inside;
  if (step.tier) kept.tier = step.tier;
  if (step.approved) kept.approved = step.approved;
  if (step.reusedFrom) kept.reusedFrom = step.reusedFrom;
  return kept;
}
