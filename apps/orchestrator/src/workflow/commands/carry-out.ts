import { goOnAgent } from '../groups/agent.js';
import { goOnMap } from '../groups/map.js';
import { goOnScript } from '../groups/script.js';
import type { WorkflowState } from '../state.js';
import { NOTHING, type Command, type Outcome, type Surroundings } from '../transition.js';
import { beginStep } from './begin-step.js';
import { complete, fail } from './finish.js';

/** A command becomes the facts it makes true and the effects that go with them. */
export function carryOut(state: WorkflowState, command: Command, around: Surroundings): Outcome {
  switch (command.command) {
    case 'start':
      return start(state);
    case 'begin':
      return beginStep(state, command.stepId, around);
    case 'go-on':
      return goOn(state, command.stepId, around);
    case 'skip':
      return state.steps.get(command.stepId)?.status === 'pending' ? { facts: [{ type: 'step.skipped', data: { stepId: command.stepId, reason: command.reason } }], effects: [] } : NOTHING;
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

function goOn(state: WorkflowState, stepId: string, around: Surroundings): Outcome {
  const step = state.steps.get(stepId);
  if (step?.status !== 'open') return NOTHING;
  if (step.work.kind === 'map') return goOnMap(state, step, step.work, around);
  if (step.work.kind === 'code') return goOnScript(state, step, around);
  return step.work.kind === 'agent' ? goOnAgent(state, step, around) : NOTHING;
}

function unreachable(command: never): never {
  throw new RangeError(`unknown command ${JSON.stringify(command)}`);
}
