import { collectOf } from '../workflow/kinds/map.js';
import { LOOK_AFTER_CHILD_MS } from '../workflow/kinds/child-workflow.js';
import { CONTINUE_TIMER } from '../workflow/advance.js';
import { planStepOf } from '../workflow/plan-index.js';
import { BEGIN_TIMER, hasEnded, waitsToBegin, type StepState, type WorkflowState } from '../workflow/state.js';
import { CODE_TOOL } from '../workflow/kinds/call.js';
import { tierOf } from '../workflow/tier.js';
import type { Effect } from '../workflow/transition.js';

/**
 * What must be queued, due and asked for of a workflow, from its state alone: the calls that are open, the timers that
 * must fire, the questions that stand. Pure; what it gives is what the commits up to this state have left in Redis.
 */
export function dueOf(state: WorkflowState, nowMs: number): Effect[] {
  if (hasEnded(state)) return [];
  if (state.status === 'accepted') return waitsToBegin(state) ? [{ do: 'timer', timer: BEGIN_TIMER, delayMs: 0 }] : [];
  const deadline: Effect[] = state.deadlineAt === null ? [] : [timerAt('deadline', state.deadlineAt, nowMs)];
  const steps = [...state.steps.all()].flatMap((step) => ofStep(state, step, nowMs));
  return [...deadline, ...steps, { do: 'timer', timer: CONTINUE_TIMER, delayMs: 0 }];
}

function ofStep(state: WorkflowState, step: StepState, nowMs: number): Effect[] {
  if (step.status === 'scheduled') return [callOf(state, step, nowMs)];
  if (step.status === 'retrying') return [timerAt(`retry-${step.id}`, step.retryAt, nowMs)];
  if (step.status === 'cancelled' && step.work?.kind === 'workflow') return [{ do: 'timer', timer: `child-${step.id}`, delayMs: LOOK_AFTER_CHILD_MS }];
  if (step.status !== 'open') return [];
  const planStep = planStepOf(state, step.id);
  const startedAt = Date.parse(step.startedAt ?? state.accepted.createdAt);
  const timeout: Effect[] = planStep?.timeoutMs === undefined ? [] : [timerAt(`timeout-${step.id}`, startedAt + planStep.timeoutMs, nowMs)];
  const { work } = step;
  switch (work.kind) {
    case 'approval':
      return [...timeout, { do: 'ask', approvalId: work.approvalId, stepId: step.id }, ...(work.expiresAt === null ? [] : [timerAt(`expire-${step.id}`, work.expiresAt, nowMs)])];
    case 'wait':
      return [...timeout, ...(work.until === null ? [] : [timerAt(`wait-${step.id}`, work.until, nowMs)])];
    case 'workflow':
      return [...timeout, { do: 'timer', timer: `child-${step.id}`, delayMs: 0 }];
    case 'map': {
      const withinMs = planStep ? collectOf(planStep).withinMs : undefined;
      return [...timeout, ...(withinMs === undefined ? [] : [timerAt(`collect-${step.id}`, startedAt + withinMs, nowMs)])];
    }
    case 'agent':
    case 'code':
      return timeout;
    default:
      return unreachable(work);
  }
}

function callOf(state: WorkflowState, step: Extract<StepState, { status: 'scheduled' }>, nowMs: number): Effect {
  const planStep = planStepOf(state, step.id);
  const tool = planStep?.kind === 'code' ? CODE_TOOL : planStep?.tool;
  const left = state.deadlineAt === null ? undefined : Math.max(1, state.deadlineAt - nowMs);
  const timeoutMs = planStep?.timeoutMs === undefined || left === undefined ? (planStep?.timeoutMs ?? left) : Math.min(planStep.timeoutMs, left);
  return {
    do: 'schedule', stepId: step.id, callId: step.callId, tier: planStep ? tierOf(planStep) : 'tool', attempt: step.attempt, input: step.input,
    ...(tool === undefined ? {} : { tool }),
    ...(step.inputRef ? { inputRef: step.inputRef } : {}),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
}

const timerAt = (timer: string, at: number, nowMs: number): Effect => ({ do: 'timer', timer, delayMs: Math.max(0, at - nowMs) });

function unreachable(work: never): never {
  throw new RangeError(`unknown work ${JSON.stringify(work)}`);
}
