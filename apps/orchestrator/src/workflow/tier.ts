import type { StepKind } from '@trivet/contracts';

/** Which service does the work of a call. */
export type Tier = 'tool' | 'model';

/** Kinds whose work is one call at a time to a worker. */
export type CallKind = 'tool' | 'model' | 'code';

export const isCallKind = (kind: StepKind): kind is CallKind => kind === 'tool' || kind === 'model' || kind === 'code';

export const tierOf = (step: { kind: StepKind }): Tier => (step.kind === 'model' ? 'model' : 'tool');
