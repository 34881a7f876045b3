import type { Failure } from '@trivet/contracts';
import { beginStep, timeOut } from '../commands/begin-step.js';
import { fail } from '../commands/finish.js';
import { expireApproval } from '../kinds/approval.js';
import { LOOK_AFTER_CHILD_MS } from '../kinds/child-workflow.js';
import { mapTimeOut } from '../groups/map.js';
import { wakeUp } from '../kinds/wait.js';
import type { WorkflowState } from '../state.js';
import { NOTHING, type Outcome, type Surroundings } from '../transition.js';

/** A timer of a step is `<what>-<step id>`; one of the workflow as a whole is a single word. */
const STEP_TIMER = /^(retry|timeout|expire|wait|collect|child)-(.+)$/;

const CLOCK_SLACK_MS = 1_000;

/** A timer fired. One that is no longer wanted changes nothing. */
export function receiveTimer(state: WorkflowState, timer: string, around: Surroundings): Outcome {
  if (timer === 'deadline') return deadlinePassed(state, around);
  const [, what, stepId = ''] = STEP_TIMER.exec(timer) ?? [];
  switch (what) {
    case 'retry':
      return tryAgain(state, stepId, around);
    case 'timeout':
      return timeOut(state, stepId, around);
    case 'expire':
      return expireApproval(state, stepId, around);
    case 'wait':
      return wakeUp(state, stepId, around);
    case 'collect':
      return mapTimeOut(state, stepId, around);
    case 'child':
      return lookAfterChild(state, stepId);
    default:
      return NOTHING;
  }
}

function deadlinePassed(state: WorkflowState, around: Surroundings): Outcome {
  const deadlineMs = state.accepted.task.deadlineMs ?? 0;
  // The timer of a run before the workflow was retried. Clocks may differ by a moment, so only a clearly early one counts as that.
  if (state.deadlineAt !== null && state.deadlineAt > around.nowMs + CLOCK_SLACK_MS) return NOTHING;
  const failure: Failure = { code: 'deadline_exceeded', message: `The workflow did not end within its deadline of ${deadlineMs} ms.`, hint: 'Raise deadlineMs, or do less.' };
  return fail(state, failure);
}

/** While the workflow is paused the step stays as it is: it begins when the workflow is resumed. */
function tryAgain(state: WorkflowState, stepId: string, around: Surroundings): Outcome {
  return state.steps.get(stepId)?.status === 'retrying' && !state.paused ? beginStep(state, stepId, around) : NOTHING;
}

/** The runner sees to the child itself; the timer goes on for as long as the step waits for it. */
function lookAfterChild(state: WorkflowState, stepId: string): Outcome {
  const step = state.steps.get(stepId);
  if (step?.status !== 'open' || step.work.kind !== 'workflow') return NOTHING;
  return { facts: [], effects: [{ do: 'spawn', stepId, childId: step.work.childId }, { do: 'timer', timer: `child-${stepId}`, delayMs: LOOK_AFTER_CHILD_MS }] };
}
