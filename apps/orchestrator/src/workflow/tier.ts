import type { PlanStep } from '@trivet/contracts';

/** Which service does the work of a step. */
export type Tier = 'tool' | 'model';

/** The kinds of step this version runs; the others are refused when the plan is checked. */
export const SERVED_KINDS = ['tool', 'model'] as const;

export const tierOf = (step: PlanStep): Tier => (step.kind === 'model' ? 'model' : 'tool');
