import type { Fact } from '@trivet/contracts';
import type { StepState, WorkflowState } from '../state.js';
import { NOTHING, type Effect, type Outcome } from '../transition.js';

/** What operators tell a workflow. Of two at once the first counts; the other changes nothing and is told so. */

/** Nothing new begins; what runs, ends, and its result is kept. */
export function pause(state: WorkflowState, reason: string): Outcome {
  if (state.paused || state.status !== 'running') return NOTHING;
  return { facts: [{ type: 'workflow.paused', data: { reason } }], effects: tellChildren(state, 'pause') };
}

/** Attempts whose time came meanwhile begin now. */
export function resume(state: WorkflowState, nowMs: number): Outcome {
  if (!state.paused) return NOTHING;
  const retries = state.waiting === 0 ? [] : [...state.steps.all()].flatMap((step): Effect[] => (step.status === 'retrying' ? [{ do: 'timer', timer: `retry-${step.id}`, delayMs: Math.max(0, step.retryAt - nowMs) }] : []));
  return { facts: [{ type: 'workflow.resumed', data: {} }], effects: [...retries, ...tellChildren(state, 'resume')] };
}

/** Runs again what failed or was cancelled; every result that is there is kept. */
export function retry(state: WorkflowState, reason: string): Outcome {
  if (state.status !== 'failed' && state.status !== 'cancelled') return NOTHING;
  const ended = (step: StepState | undefined): boolean => step?.status === 'failed' || step?.status === 'cancelled';
  // What failed or was left over inside a map or agent that has its result stays as it is.
  const begins = (step: StepState): boolean => ended(step) && (!step.childOf || ended(state.steps.get(step.childOf.parent)));
  const steps = [...state.steps.all()].filter(begins).map((step) => step.id);
  const { deadlineMs } = state.accepted.task;
  const effects: Effect[] = deadlineMs === undefined ? [] : [{ do: 'timer', timer: 'deadline', delayMs: deadlineMs }];
  const facts: Fact[] = [{ type: 'workflow.retried', data: { reason, steps } }];
  return { facts, effects };
}

function tellChildren(state: WorkflowState, what: 'pause' | 'resume'): Effect[] {
  if (state.children === 0) return [];
  return [...state.steps.all()].flatMap((step: StepState): Effect[] => (step.status === 'open' && step.work.kind === 'workflow' ? [{ do: 'tell-child', childId: step.work.childId, what }] : []));
}
