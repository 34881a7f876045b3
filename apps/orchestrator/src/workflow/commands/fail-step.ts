import type { CallRecord, EventData, Failure } from '@trivet/contracts';
import { planStepOf } from '../plan-index.js';
import { retryDelayMs } from '../retry.js';
import { endInside, releaseOf } from './end-steps.js';
import type { ModelTier, StepState, WorkflowState } from '../state.js';
import type { Outcome, Surroundings } from '../transition.js';

type Begun = Extract<StepState, { status: 'scheduled' | 'open' }>;

/**
 * A step has failed: it is tried again as its policy says, or asked about, or has ended. What it still holds is
 * released either way.
 * @param call what the worker reported; absent for a step that no worker ran
 */
export function failStep(state: WorkflowState, step: Begun, failure: Failure, around: Surroundings, call: CallRecord = ownCall(step, 'failed', around)): Outcome {
  const planStep = planStepOf(state, step.id);
  const release = releaseOf(state, step);
  if (failure.code === 'budget_exceeded' && state.accepted.task.budget?.onExceed === 'ask' && step.status === 'scheduled') return askForBudget(state, step, failure, call, release);
  const attempt = step.attempt - (step.attemptsBefore ?? 0);
  const delayMs = step.status === 'open' && step.work.kind !== 'workflow' ? null : retryDelayMs(planStep?.retry, failure, attempt, around.jitter);
  if (delayMs !== null) return retrying(step, { failure, call, retryAt: around.nowMs + delayMs }, delayMs, release);
  const smaller = planStep?.onFailure === 'degrade' && planStep.kind === 'model' ? smallerTier(step) : null;
  if (smaller) return retrying(step, { failure, call, retryAt: around.nowMs, tier: smaller }, 0, release);
  const inside = endInside(state, step);
  return {
    facts: [...inside.facts, { type: 'step.failed', data: { stepId: step.id, failure, call } }],
    effects: [...release, ...inside.effects],
  };
}

function retrying(step: Begun, data: Omit<EventData<'step.retrying'>, 'stepId' | 'nextAttempt'>, delayMs: number, release: Outcome['effects']): Outcome {
  return {
    facts: [{ type: 'step.retrying', data: { stepId: step.id, nextAttempt: step.attempt + 1, ...data } }],
    effects: [...release, { do: 'timer', timer: `retry-${step.id}`, delayMs }],
  };
}

/** The workflow's policy is to ask: a person raises the limit, and the step is tried again, or denies it. */
function askForBudget(state: WorkflowState, step: Begun, failure: Failure, call: CallRecord, release: Outcome['effects']): Outcome {
  const approvalId = `${state.accepted.workflowId}.${step.callId}-b`;
  return {
    facts: [
      {
        type: 'approval.requested',
        data: { stepId: step.id, approvalId, attempt: step.attempt, purpose: 'budget', question: `The budget is spent: ${failure.message} Raise it and go on?`, details: { code: failure.code, message: failure.message, ...(failure.detail ? { detail: failure.detail } : {}) }, expiresAt: null, onExpire: 'deny', call },
      },
    ],
    effects: [...release, { do: 'ask', approvalId, stepId: step.id }],
  };
}

/** The record of a step that the orchestrator itself carried through. */
export function ownCall(step: Begun, outcome: 'completed' | 'failed', around: Surroundings): CallRecord {
  return { callId: step.callId, attempt: step.attempt, worker: null, startedAt: step.startedAt, finishedAt: new Date(around.nowMs).toISOString(), usage: null, sandbox: null, outcome };
}

const SMALLER: Record<ModelTier, ModelTier | null> = { large: 'medium', medium: 'small', small: null };

/** The next smaller tier than the one the step was tried with. */
function smallerTier(step: StepState): ModelTier | null {
  const { input } = step;
  const asked = input !== null && typeof input === 'object' && !Array.isArray(input) ? input['tier'] : undefined;
  const tier = step.tier ?? (asked === 'large' || asked === 'small' ? asked : 'medium');
  return SMALLER[tier];
}
