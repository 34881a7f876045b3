import type { AcceptedTask, Fact, ModelCall, ToolCall, WorkflowEvent } from '@trivet/contracts';
import { canonicalJson, toolNameOf } from '@trivet/contracts';
import type { CallToSchedule, Change, WorkflowRef } from '@trivet/state';
import { hash } from 'node:crypto';
import type { Tier } from '../workflow/tier.js';
import type { Effect, Transition } from '../workflow/transition.js';
import { hasEnded, type StepState, type WorkflowState } from '../workflow/state.js';
import { encodeAccepted, encodeHead, encodeStep, shownStatus } from './codec.js';
import { usedByCalls } from './used-by-calls.js';

/** For how long after a finished workflow's record has left Redis its id is remembered. */
export const TOMBSTONE_MS = 30 * 86_400_000;
/** A call without an own limit is given up after this long. */
export const CALL_LIFETIME_MS = 3_600_000;

/** The message of a call as it waits in the ready queue: the tier first and the body last, so that both are found without reading the rest. */
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
  const steps: Record<string, string> = {};
  for (const id of transition.touched) {
    const step = state.steps.get(id);
    if (step && !isUntouched(step)) steps[id] = encodeStep(step);
  }
  const change: Change = {
    ref: context.ref,
    expectedVersion: context.expectedVersion,
    opId: context.opId,
    head: encodeHead(state),
    status: shownStatus(state),
    steps,
    events: texts,
    seq: context.seqBefore + events.length,
    chain,
    schedule: [], close: [], reopen: [], timers: [], clearTimers: [], asked: [], answered: [],
    nowMs: context.nowMs,
  };
  addEffects(change, state, effects, context);
  const used = usedByCalls(accepted, events);
  if (used.length > 0) change.used = used;
  if (context.lost) change.lost = context.lost;
  if (context.expectedVersion === 0) change.created = { task: encodeAccepted(accepted), hash: accepted.bodyHash, createdMs: context.nowMs, accounts: accountsOf(accepted.task) };
  if (hasEnded(state)) change.finished = { hash: accepted.bodyHash, keepMs: context.keepFinishedMs, tombstoneMs: TOMBSTONE_MS };
  return change;
}

const accountsOf = ({ user, session }: Pick<AcceptedTask, 'user' | 'session'>): string[] => [...(user === undefined ? [] : [`user/${user}`]), ...(session === undefined ? [] : [`session/${session}`])];

function addEffects(change: Change, state: WorkflowState, effects: readonly Effect[], context: ChangeContext): void {
  const priority = state.accepted.task.priority ?? 'normal';
  /** Of each timer what the transition said last. */
  const timers = new Map<string, number | null>();
  const closed = idsOf(effects, 'close');
  const scheduled = idsOf(effects, 'schedule');
  for (const effect of effects) {
    switch (effect.do) {
      // What begins and ends in one transition is never begun: the commit knows no order among its effects.
      case 'schedule':
        if (!closed.has(effect.callId)) change.schedule.push(toSchedule(state, effect, priority, context));
        break;
      case 'close':
        if (!scheduled.has(effect.callId)) change.close.push({ callId: effect.callId, tier: effect.tier, priority });
        break;
      case 'reopen':
        change.reopen.push({ callId: effect.callId, tier: effect.tier, priority, worker: effect.worker, epoch: effect.epoch });
        break;
      case 'ask':
        if (!effects.some((other) => other.do === 'answered' && other.approvalId === effect.approvalId)) change.asked.push({ approvalId: effect.approvalId, stepId: effect.stepId });
        break;
      case 'answered':
        change.answered.push({ approvalId: effect.approvalId, stepId: effect.stepId });
        break;
      case 'timer':
        timers.set(effect.timer, effect.delayMs);
        break;
      case 'clear-timer':
        timers.set(effect.timer, null);
        break;
      default:
        // Carried out after the commit.
        break;
    }
  }
  for (const [timer, delayMs] of timers) {
    if (delayMs === null) change.clearTimers.push(timer);
    else change.timers.push({ timer, delayMs });
  }
}

function idsOf(effects: readonly Effect[], what: 'close' | 'schedule'): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const effect of effects) if (effect.do === what) ids.add(effect.callId);
  return ids;
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
  const common: CommonFields = {
    callId: effect.callId,
    tenant: accepted.tenant,
    workflowId: accepted.workflowId,
    stepId: effect.stepId,
    attempt: effect.attempt,
    deadlineAt: Math.min(context.nowMs + (effect.tier === 'model' ? (effect.timeoutMs ?? CALL_LIFETIME_MS) : CALL_LIFETIME_MS), state.deadlineAt ?? Infinity),
  };
  if (accepted.parent) common.ancestors = accepted.parent.ancestors;
  if (accepted.task.user) common.user = accepted.task.user;
  if (accepted.task.session) common.session = accepted.task.session;
  const envelope: CallEnvelope = {
    tier: effect.tier,
    stepId: effect.stepId,
    attempt: effect.attempt,
    traceparent: context.traceparent,
    body: effect.tier === 'tool' ? toolCall(state, effect, common) : modelCall(state, effect, common),
  };
  return { callId: effect.callId, tier: effect.tier, priority, spec: JSON.stringify(envelope), direct: context.hasRoom?.(effect.tier) === true };
}

type CommonFields = Omit<ToolCall, 'tool'>;

function toolCall(state: WorkflowState, effect: Extract<Effect, { do: 'schedule' }>, common: CommonFields): ToolCall {
  const reference = effect.tool ?? '';
  const call: ToolCall = { ...common, tool: toolNameOf(reference) };
  const pinned = state.accepted.tools?.[reference];
  if (pinned && (pinned.version !== undefined || call.tool !== reference)) call.digest = pinned.digest;
  if (pinned?.version !== undefined) call.version = pinned.version;
  if (effect.inputRef) call.inputRef = effect.inputRef;
  else call.input = effect.input;
  if (effect.timeoutMs) call.timeoutMs = effect.timeoutMs;
  return call;
}

function modelCall(state: WorkflowState, effect: Extract<Effect, { do: 'schedule' }>, common: CommonFields): ModelCall {
  const { onExceed } = state.accepted.task.budget ?? {};
  // The request is checked by the model tier, which answers a failure that names each mistake.
  const request = effect.input as ModelCall['request'];
  return { ...common, ...(effect.inputRef ? { requestRef: effect.inputRef } : { request }), ...(onExceed ? { onExceed } : {}) };
}
