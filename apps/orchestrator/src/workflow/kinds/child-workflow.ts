import { ChildInput, FailureError, parseOrFail, shortHash, type JsonObject, type JsonValue } from '@trivet/contracts';
import type { Beginning } from './beginning.js';
import { completeStep } from '../commands/complete-step.js';
import { failStep } from '../commands/fail-step.js';
import { evaluate, isExpression, type Scope } from '../expression.js';
import { travellingInput } from '../large-value.js';
import { readMadePlan } from '../made-plan.js';
import { scopeFor } from '../scope.js';
import type { WorkflowState } from '../state.js';
import { NOTHING, type Input, type Outcome, type Surroundings } from '../transition.js';

/** How deep workflows may stand in each other, and how many one may begin. */
export const MOST_LEVELS = 8;
export const MOST_CHILDREN = 1_000;
/** How often the watchdog looks after a child workflow: that it was begun, and whether it has ended. */
export const LOOK_AFTER_CHILD_MS = 3_000;

/** The same in every process, and another for each attempt. */
export const childIdOf = ({ tenant, workflowId }: { tenant: string; workflowId: string }, stepId: string, attempt: number): string => `child-${shortHash([tenant, workflowId, stepId, String(attempt)])}`;

/** Another workflow does the work; its budget and deadline lie within those of this one. */
export function beginChildWorkflow({ state, step, planStep, attempt, callId, around, child }: Beginning): Outcome {
  const { workflowId, parent } = state.accepted;
  const levels = (parent?.ancestors.length ?? 0) + 1;
  if (levels >= MOST_LEVELS) throw new FailureError('child_limit_exceeded', `Workflow ${workflowId} stands ${levels} levels deep; the limit is ${MOST_LEVELS}.`);
  if (state.children >= MOST_CHILDREN) throw new FailureError('child_limit_exceeded', `Workflow ${workflowId} has begun ${state.children} child workflows; the limit is ${MOST_CHILDREN}.`);
  const input = childInput(planStep.input, scopeFor(state, step, around), step.id);
  const childId = childIdOf(state.accepted, step.id, attempt);
  const { fields, effects } = travellingInput(input);
  return {
    facts: [{ type: 'step.started', data: { ...child, stepId: step.id, callId, attempt, ...fields, work: { kind: 'workflow', childId } } }],
    effects: [...effects, { do: 'spawn', stepId: step.id, childId }, { do: 'timer', timer: `child-${step.id}`, delayMs: LOOK_AFTER_CHILD_MS }],
  };
}

/**
 * A plan that stands there has expressions of its own, which are the child's; one that is an expression was made by a step
 * before: it is a value, or its JSON as text. One that is only checked may be anything.
 */
function childInput(written: JsonValue | undefined, scope: Scope, stepId: string): JsonObject {
  const { plan, ...rest } = isRecord(written) ? written : { plan: undefined };
  const evaluated = evaluate(rest, scope);
  const own = isRecord(evaluated) ? evaluated : {};
  if (!isExpression(plan)) return checked({ ...own, ...(plan === undefined ? {} : { plan }) }, stepId);
  checked(own, stepId);
  const made = evaluate(plan ?? null, scope);
  return { ...own, plan: own['dryRun'] === true ? made : JSON.parse(JSON.stringify(readMadePlan(made))) };
}

function checked(input: JsonObject, stepId: string): JsonObject {
  parseOrFail(ChildInput, input, `the input of step ${stepId}`);
  return input;
}

export function receiveChildEnded(state: WorkflowState, { stepId, childId, end }: Extract<Input, { type: 'child-ended' }>, around: Surroundings): Outcome {
  const step = state.steps.get(stepId);
  if (step?.status !== 'open' || step.work.kind !== 'workflow' || step.work.childId !== childId) return NOTHING;
  const outcome = end.status === 'failed' ? failStep(state, step, end.failure, around) : completeStep(state, step, end.outputRef ? { reference: end.outputRef } : end.output, around);
  // It has ended: nobody need tell it to stop, nor look after it.
  const effects = outcome.effects.filter((effect) => effect.do !== 'tell-child' && !(effect.do === 'timer' && effect.timer === `child-${stepId}`));
  return { facts: outcome.facts, effects: [...effects, { do: 'clear-timer', timer: `child-${stepId}` }] };
}

const isRecord = (value: unknown): value is { [key: string]: JsonValue } => value !== null && typeof value === 'object' && !Array.isArray(value);
