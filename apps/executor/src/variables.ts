import { COMMON_VARIABLES, variable, wholeNumber } from '@trivet/service';

/** What the executor reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  slots: variable('TRIVET_EXECUTOR_SLOTS', wholeNumber({ min: 1, max: 256 }).optional(), 'How many tools may compute at the same time, each in its own process; unset: the number of cores.'),
} as const;
