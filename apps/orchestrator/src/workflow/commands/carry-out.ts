import type { WorkflowState } from '../state.js';
import type { Command, Outcome, Surroundings } from '../transition.js';
import { complete, fail } from './finish.js';
import { schedule } from './schedule.js';

/** A command becomes the facts it makes true and the effects that go with them. */
export function carryOut(state: WorkflowState, command: Command, around: Surroundings): Outcome {
  switch (command.command) {
    case 'start':
      return start(state);
    case 'schedule':
      return schedule(state, command.stepId, command.attempt, around);
    case 'skip':
      return { facts: [{ type: 'step.skipped', data: { stepId: command.stepId, reason: command.reason } }], effects: [] };
    case 'complete':
      return complete(state, around);
    case 'fail':
      return fail(state, command.failure);
    default:
      return unreachable(command);
  }
}

function start(state: WorkflowState): Outcome {
  const { deadlineMs } = state.accepted.task;
  return { facts: [{ type: 'workflow.started', data: {} }], effects: deadlineMs === undefined ? [] : [{ do: 'timer', timer: 'deadline', delayMs: deadlineMs }] };
}

function unreachable(command: never): never {
  throw new RangeError(`unknown command ${JSON.stringify(command)}`);
}
