import type { Fact, ModelCall, ToolCall, WorkflowEvent } from '@trivet/contracts';
import { canonicalJson } from '@trivet/contracts';
import type { CallToReopen, CallToSchedule, Change, WorkflowRef } from '@trivet/state';
import { hash } from 'node:crypto';
import type { Tier } from '../workflow/tier.js';
import type { Effect, Transition } from '../workflow/transition.js';
import { hasEnded, type StepState, type WorkflowState } from '../workflow/state.js';
import { encodeAccepted, encodeHead, encodeStep, shownStatus } from './codec.js';

/** For how long after a finished workflow's record has left Redis its id is remembered. */
export const TOMBSTONE_MS = 30 * 86_400_000;
/** A call without an own limit is given up after this long. */
export const CALL_LIFETIME_MS = 3_600_000;

/** The message of a call as it waits in the ready queue. */
export interface CallEnvelope {
  tier: 'tool' | 'model';
  stepId: string;
  attempt: number;
  traceparent: string | null;
  body: ToolCall | ModelCall;
}

export interface ChangeContext {
  ref: WorkflowRef;
  opId: string;
  expectedVersion: number;
  seqBefore: number;
  chainBefore: string;
  nowMs: number;
  traceparent: string | null;
  /** The input is a loss: of this call, held like this. */
  lost?: Change['lost'];
  /** For how long a finished workflow's record stays in Redis. */
  keepFinishedMs: number;
  /** Whether a call of a tier may be dealt with the commit itself. */
  hasRoom?: (tier: Tier) => boolean;
}

/** A transition as the one change that the commit script makes. */
export function changeOf(transition: Transition, context: ChangeContext): Change {
  const { state, events, effects } = transition;
  const { texts, chain } = chained(events, context.chainBefore);
  const { accepted } = state;
  const priority = accepted.task.priority ?? 'normal';
  // What begins and ends in one transition is never begun: the commit knows no order among its effects.
  const closed = new Set(effects.flatMap((effect) => (effect.do === 'close' ? [effect.callId] : [])));
  const scheduled = new Set(effects.flatMap((effect) => (effect.do === 'schedule' ? [effect.callId] : [])));
  const answered = new Set(effects.flatMap((effect) => (effect.do === 'answered' ? [effect.approvalId] : [])));
  const steps: Record<string, string> = {};
  for (const id of transition.touched) {
    const step = state.steps.get(id);
    if (step && !isUntouched(step)) steps[id] = encodeStep(step);
  }
  return {
    ref: context.ref,
    expectedVersion: context.expectedVersion,
    opId: context.opId,
    head: encodeHead(state),
    status: shownStatus(state),
    steps,
    events: texts,
    seq: context.seqBefore + events.length,
    chain,
    schedule: effects.flatMap((effect) => (effect.do === 'schedule' && !closed.has(effect.callId) ? [toSchedule(state, effect, priority, context)] : [])),
    close: effects.flatMap((effect) => (effect.do === 'close' && !scheduled.has(effect.callId) ? [{ callId: effect.callId, tier: effect.tier, priority }] : [])),
    reopen: effects.flatMap((effect): CallToReopen[] => (effect.do === 'reopen' ? [{ callId: effect.callId, tier: effect.tier, priority, worker: effect.worker, epoch: effect.epoch }] : [])),
    ...(context.lost ? { lost: context.lost } : {}),
    ...timersOf(effects),
    asked: effects.flatMap((effect) => (effect.do === 'ask' && !answered.has(effect.approvalId) ? [{ approvalId: effect.approvalId, stepId: effect.stepId }] : [])),
    answered: effects.flatMap((effect) => (effect.do === 'answered' ? [{ approvalId: effect.approvalId, stepId: effect.stepId }] : [])),
    nowMs: context.nowMs,
    ...(context.expectedVersion === 0 ? { created: { task: encodeAccepted(accepted), hash: accepted.bodyHash, createdMs: context.nowMs } } : {}),
    ...(hasEnded(state) ? { finished: { hash: accepted.bodyHash, keepMs: context.keepFinishedMs, tombstoneMs: TOMBSTONE_MS } } : {}),
  };
}

/** Of each timer what a transition said last. */
function timersOf(effects: readonly Effect[]): Pick<Change, 'timers' | 'clearTimers'> {
  const last = new Map<string, number | null>();
  for (const effect of effects) if (effect.do === 'timer' || effect.do === 'clear-timer') last.set(effect.timer, effect.do === 'timer' ? effect.delayMs : null);
  const all = [...last];
  return { timers: all.flatMap(([timer, delayMs]) => (delayMs === null ? [] : [{ timer, delayMs }])), clearTimers: all.flatMap(([timer, delayMs]) => (delayMs === null ? [timer] : [])) };
}

/** As the plan left it: nothing of it need be kept. One that a retry reset is kept: it stands there as cancelled. */
const isUntouched = (step: StepState): boolean => step.status === 'pending' && step.attempts === 0 && step.calls.length === 0 && !step.childOf && !step.approved && step.attemptsBefore === undefined;

/** Each event carries the hash of itself and of all before it, so that nobody can change or drop one unnoticed. */
function chained(events: readonly WorkflowEvent[], before: string): { texts: string[]; chain: string } {
  let chain = before;
  const texts = events.map((event) => {
    const text = canonicalJson(event);
    chain = chainHash(chain, text);
    return `${text.slice(0, -1)},"hash":"${chain}"}`;
  });
  return { texts, chain };
}

export const eventHash = (before: string, event: Fact & { seq: number; at: string; workflowId: string }): string => chainHash(before, canonicalJson(event));

const chainHash = (before: string, text: string): string => hash('sha256', before + text, 'hex');

function toSchedule(state: WorkflowState, effect: Extract<Effect, { do: 'schedule' }>, priority: string, context: ChangeContext): CallToSchedule {
  const { accepted } = state;
  const common = {
    callId: effect.callId,
    tenant: accepted.tenant,
    workflowId: accepted.workflowId,
    stepId: effect.stepId,
    attempt: effect.attempt,
    deadlineAt: Math.min(context.nowMs + (effect.tier === 'model' ? (effect.timeoutMs ?? CALL_LIFETIME_MS) : CALL_LIFETIME_MS), state.deadlineAt ?? Infinity),
    ...(accepted.parent ? { ancestors: accepted.parent.ancestors } : {}),
    ...(accepted.task.user ? { user: accepted.task.user } : {}),
    ...(accepted.task.session ? { session: accepted.task.session } : {}),
  };
  const envelope: CallEnvelope = {
    tier: effect.tier,
    stepId: effect.stepId,
    attempt: effect.attempt,
    traceparent: context.traceparent,
    body: effect.tier === 'tool' ? toolCall(effect, common) : modelCall(state, effect, common),
  };
  return { callId: effect.callId, tier: effect.tier, priority, spec: JSON.stringify(envelope), direct: context.hasRoom?.(effect.tier) === true };
}

type CommonFields = Omit<ToolCall, 'tool'>;

function toolCall(effect: Extract<Effect, { do: 'schedule' }>, common: CommonFields): ToolCall {
  return { ...common, tool: effect.tool ?? '', ...(effect.inputRef ? { inputRef: effect.inputRef } : { input: effect.input }), ...(effect.timeoutMs ? { timeoutMs: effect.timeoutMs } : {}) };
}

function modelCall(state: WorkflowState, effect: Extract<Effect, { do: 'schedule' }>, common: CommonFields): ModelCall {
  const { onExceed } = state.accepted.task.budget ?? {};
  // The request is checked by the model tier, which answers a failure that names each mistake.
  const request = effect.input as ModelCall['request'];
  return { ...common, ...(effect.inputRef ? { requestRef: effect.inputRef } : { request }), ...(onExceed ? { onExceed } : {}) };
}
