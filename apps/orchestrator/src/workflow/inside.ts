import { shortHash } from '@trivet/contracts';
import type { StepState, WorkflowState } from './state.js';

/** Ids have at most 64 characters; what comes after a long one is kept apart by its hash. */
const LONGEST_PREFIX = 54;

/** The id of the n-th step inside another: the same in every process. */
export function insideId(parent: string, index: number): string {
  const prefix = parent.length <= LONGEST_PREFIX ? parent : `${parent.slice(0, LONGEST_PREFIX - 14)}-${shortHash([parent]).slice(0, 13)}`;
  return `${prefix}--${index}`;
}

/** Whether a plan's own step id could be taken for one inside another step of the plan. */
export const looksInside = (stepId: string): boolean => /--\d+$/.test(stepId);

/** The steps inside a step, in the order in which they began. */
export function* stepsInside(state: WorkflowState, step: StepState): Iterable<StepState> {
  const count = step.inside?.count ?? 0;
  for (let index = 0; index < count; index += 1) {
    const found = state.steps.get(insideId(step.id, index));
    if (found) yield found;
  }
}
