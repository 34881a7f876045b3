import { CodeInput, parseOrFail, type JsonValue, type PlanStep } from '@trivet/contracts';
import { evaluate } from '../expression.js';
import { travellingInput } from '../large-value.js';
import { inputOf, scopeFor } from '../scope.js';
import type { StepState, WorkflowState } from '../state.js';
import type { Outcome, Surroundings } from '../transition.js';
import type { Beginning } from './beginning.js';

/** Code that says which tools it may await; without, it is one call. */
export const isDurableScript = ({ input }: PlanStep): boolean => input !== null && typeof input === 'object' && !Array.isArray(input) && Array.isArray(input['tools']);

/**
 * A script that waits for the world. Each run of it is a step inside, and so is everything it awaits; a crash repeats no
 * effect. It is run from its beginning each time, with the results of what it awaited before: it is deterministic.
 */
export function beginScript({ state, step, planStep, attempt, callId, around, child }: Beginning): Outcome {
  const input = parseOrFail(CodeInput, evaluate(planStep.input ?? {}, scopeFor(state, step, around)), `the input of step ${step.id}`);
  const { fields, effects } = travellingInput(JSON.parse(JSON.stringify(input)));
  return { facts: [{ type: 'step.started', data: { ...child, stepId: step.id, callId, attempt, ...fields, work: { kind: 'code' } } }], effects };
}

/** The input of a step inside an agent or a script, which was made by it and is never evaluated; undefined: the plan wrote it. */
export function madeInput(state: WorkflowState, step: StepState, around: Surroundings): JsonValue | undefined {
  const parent = step.childOf ? state.steps.get(step.childOf.parent) : undefined;
  return parent?.status === 'open' && (parent.work.kind === 'agent' || parent.work.kind === 'code') ? inputOf(step, around) : undefined;
}
