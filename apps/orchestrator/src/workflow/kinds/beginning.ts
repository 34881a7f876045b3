import type { ChildLink, PlanStep } from '@trivet/contracts';
import type { StepState, WorkflowState } from '../state.js';
import type { Surroundings } from '../transition.js';

/** All that a kind of step needs to begin. */
export interface Beginning {
  state: WorkflowState;
  step: StepState;
  planStep: PlanStep;
  attempt: number;
  callId: string;
  around: Surroundings;
  /** Of a step inside another that is named for the first time. */
  child: { child?: ChildLink };
}
