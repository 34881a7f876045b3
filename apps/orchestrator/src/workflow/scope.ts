import type { BlobReference, JsonObject, JsonValue } from '@trivet/contracts';
import type { Scope } from './expression.js';
import { planIndex, type StepState, type WorkflowState } from './state.js';
import type { Surroundings } from './transition.js';

/** What the expressions of one step see: the task, and the outputs of the steps it waits for. */
export function scopeOf(state: WorkflowState, stepIds: readonly string[], around: Surroundings): Scope {
  const steps: JsonObject = {};
  for (const id of stepIds) {
    const step = state.steps.get(id);
    if (step) steps[id] = { status: step.status, output: outputOf(step, around), failure: step.status === 'failed' ? { ...step.failure } : null } as JsonObject;
  }
  return { goal: state.accepted.task.goal, input: state.accepted.task.input ?? null, steps };
}

export const dependenciesOf = (state: WorkflowState, stepId: string): readonly string[] => planIndex(state.accepted.plan).dependencies.get(stepId) ?? [];

export function outputOf(step: StepState, around: Surroundings): JsonValue {
  if (step.status !== 'completed') return null;
  return step.outputRef ? valueOf(step.outputRef, around) : step.output;
}

function valueOf(reference: BlobReference, around: Surroundings): JsonValue {
  const value = around.values.get(reference.blob);
  if (value === undefined) throw new MissingValueError(reference);
  return value;
}

/** A transition needs a value that travels by reference: the runner loads it and begins the transition anew. */
export class MissingValueError extends Error {
  constructor(readonly reference: BlobReference) {
    super(`The value ${reference.blob} has to be loaded first`);
    this.name = 'MissingValueError';
  }
}
