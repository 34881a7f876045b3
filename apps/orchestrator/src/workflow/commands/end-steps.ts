import type { Fact } from '@trivet/contracts';
import { stepsInside } from '../inside.js';
import { planStepOf } from '../plan-index.js';
import { tierOf } from '../tier.js';
import type { StepState, WorkflowState } from '../state.js';
import type { Effect, Outcome } from '../transition.js';

/** How soon the watchdog looks whether a child workflow that is no longer wanted was told so. */
const TELL_CHILD_MS = 1_000;

/** Steps that run are stopped, those that wait never begin. */
export function endSteps(state: WorkflowState, steps: Iterable<StepState>): Outcome {
  const facts: Fact[] = [];
  const effects: Effect[] = [];
  const stopped: string[] = [];
  for (const step of steps) {
    if (step.status === 'scheduled') stopped.push(step.callId);
    if (step.status === 'scheduled' || step.status === 'retrying' || step.status === 'pending' || step.status === 'open') facts.push({ type: 'step.cancelled', data: { stepId: step.id } });
    effects.push(...releaseOf(state, step));
  }
  if (stopped.length > 0) effects.push({ do: 'stop', callIds: stopped });
  return { facts, effects };
}

/** Ends all steps inside a step, at every depth. */
export function endInside(state: WorkflowState, step: StepState): Outcome {
  return endSteps(state, allInside(state, step));
}

function* allInside(state: WorkflowState, step: StepState): Iterable<StepState> {
  for (const inner of stepsInside(state, step)) {
    yield inner;
    yield* allInside(state, inner);
  }
}

/** What a step that stops waiting leaves to be put away: its call, its timers, its question, its child workflow. */
export function releaseOf(state: WorkflowState, step: StepState): Effect[] {
  const planStep = planStepOf(state, step.id);
  if (step.status === 'scheduled') return [{ do: 'close', callId: step.callId, tier: planStep ? tierOf(planStep) : 'tool' }];
  if (step.status === 'retrying') return [{ do: 'clear-timer', timer: `retry-${step.id}` }];
  if (step.status !== 'open') return [];
  const timeout: Effect[] = planStep?.timeoutMs === undefined ? [] : [{ do: 'clear-timer', timer: `timeout-${step.id}` }];
  const { work } = step;
  if (work.kind === 'approval') return [...timeout, ...(work.expiresAt === null ? [] : [{ do: 'clear-timer', timer: `expire-${step.id}` } as const]), { do: 'answered', approvalId: work.approvalId, stepId: step.id }];
  if (work.kind === 'wait') return [...timeout, ...(work.until === null ? [] : [{ do: 'clear-timer', timer: `wait-${step.id}` } as const])];
  // The timer stays: should this process die before the child is told, the watchdog tells it.
  if (work.kind === 'workflow') return [...timeout, { do: 'tell-child', childId: work.childId, what: 'cancel' }, { do: 'timer', timer: `child-${step.id}`, delayMs: TELL_CHILD_MS }];
  if (work.kind === 'map') return [...timeout, { do: 'clear-timer', timer: `collect-${step.id}` }];
  return timeout;
}
