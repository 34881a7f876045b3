import type { Failure } from '@trivet/contracts';
import { schedule } from '../commands/schedule.js';
import { fail } from '../commands/finish.js';
import type { WorkflowState } from '../state.js';
import { NOTHING, type Outcome, type Surroundings } from '../transition.js';

const RETRY = 'retry-';

/** A timer fired: a step's next attempt, or the workflow's deadline. One that is no longer wanted changes nothing. */
export function receiveTimer(state: WorkflowState, timer: string, around: Surroundings): Outcome {
  if (timer === 'deadline') {
    const deadlineMs = state.accepted.task.deadlineMs ?? 0;
    const failure: Failure = { code: 'deadline_exceeded', message: `The workflow did not end within its deadline of ${deadlineMs} ms.`, hint: 'Raise deadlineMs, or do less.' };
    return fail(state, failure);
  }
  if (!timer.startsWith(RETRY)) return NOTHING;
  const step = state.steps.get(timer.slice(RETRY.length));
  return step?.status === 'retrying' ? schedule(state, step.id, step.attempt, around) : NOTHING;
}
