import type { Workflow } from '@trivet/contracts';
import { isTerminal } from '../../formatting/is-terminal.js';

export const VERBS = {
  cancel: { title: 'Cancel', about: 'What runs is stopped within moments; what was spent stays charged.', danger: true },
  pause: { title: 'Pause', about: 'Nothing new begins; what runs now ends first.', danger: false },
  resume: { title: 'Resume', about: 'It goes on where it was paused.', danger: false },
  retry: { title: 'Retry', about: 'What failed or was cancelled runs again; every result that is there is kept.', danger: false },
} as const;
export type Verb = keyof typeof VERBS;

/** What can be done to a workflow as it is now. */
export function controlsOf({ status }: Pick<Workflow, 'status'>): Verb[] {
  if (status === 'failed' || status === 'cancelled') return ['retry'];
  if (isTerminal(status)) return [];
  return status === 'paused' ? ['resume', 'cancel'] : ['cancel', 'pause'];
}
