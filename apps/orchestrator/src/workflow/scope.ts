import type { BlobReference, JsonObject, JsonValue } from '@trivet/contracts';
import type { Scope } from './expression.js';
import { dependenciesOf } from './plan-index.js';
import type { StepState, WorkflowState } from './state.js';
import type { Surroundings } from './transition.js';

/** What expressions over these steps see: the task, and the outputs of the steps. */
export function scopeOf(state: WorkflowState, stepIds: readonly string[], around: Surroundings): Scope {
  const steps: JsonObject = {};
  for (const id of stepIds) {
    const step = state.steps.get(id);
    if (step) steps[id] = { status: step.status, output: outputOf(step, around), failure: step.status === 'failed' ? { ...step.failure } : null } as JsonObject;
  }
  return { goal: state.accepted.task.goal, input: state.accepted.task.input ?? null, catalog: (state.accepted.catalog ?? null) as JsonValue, steps };
}

/** What the expressions of one step see: the steps it waits for, and its item inside a map. */
export function scopeFor(state: WorkflowState, step: StepState, around: Surroundings): Scope {
  const root = step.childOf?.parent ?? step.id;
  const scope = scopeOf(state, dependenciesOf(state, root), around);
  const item = itemOf(state, step, around);
  return item === undefined ? scope : { ...scope, item };
}

/** The item of the nearest map around a step. */
function itemOf(state: WorkflowState, step: StepState, around: Surroundings): JsonValue | undefined {
  let link = step.childOf;
  while (link) {
    const parent: StepState | undefined = state.steps.get(link.parent);
    if (parent?.status === 'open' && parent.work.kind === 'map') {
      const items = parent.work.itemsRef ? valueOf(parent.work.itemsRef, around) : parent.work.items;
      return Array.isArray(items) ? (items[link.index] ?? null) : null;
    }
    link = parent?.childOf;
  }
  return undefined;
}

export function outputOf(step: StepState, around: Surroundings): JsonValue {
  if (step.status !== 'completed') return null;
  return step.outputRef ? valueOf(step.outputRef, around) : step.output;
}

export const inputOf = (step: StepState, around: Surroundings): JsonValue => (step.inputRef ? valueOf(step.inputRef, around) : step.input);

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
