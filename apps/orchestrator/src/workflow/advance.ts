import type { Fact, WorkflowEvent } from '@trivet/contracts';
import { apply } from './apply.js';
import { cancel, fail } from './commands/finish.js';
import { carryOut } from './commands/carry-out.js';
import { candidatesAfter, decide } from './decide.js';
import { receiveResult } from './inputs/result.js';
import { receiveTimer } from './inputs/timer.js';
import { receiveCallLost } from './inputs/call-lost.js';
import { BEGIN_TIMER, hasEnded, hasOwnBudget, type WorkflowState } from './state.js';
import { NOTHING, type Effect, type Input, type Outcome, type Surroundings, type Transition } from './transition.js';

/**
 * One transition of a workflow, pure: the input becomes facts, facts change the state, the state decides on commands,
 * commands become facts and effects, until nothing more is to be done now. The same state, input and surroundings
 * give the same transition in every process.
 * @param seq number of events before
 */
export function advance(state: WorkflowState, seq: number, input: Input, around: Surroundings): Transition {
  const machine = createMachine(state, seq, around);
  if (input.type === 'begin' && state.status !== 'accepted') return machine.finish();
  if (hasEnded(state)) {
    machine.take(afterTheEnd(state, input, around));
    return machine.finish();
  }
  machine.take(receive(state, input, around));
  machine.settle(input.type === 'begin');
  return machine.finish();
}

/** How long a workflow may stand accepted before the watchdog opens its account and begins it. */
const BEGIN_WITHIN_MS = 2_000;

/**
 * The transition that makes a workflow: accepted, started, and its first steps scheduled. One with a budget is only
 * accepted: it begins (`begin` input) once its account has its limit, and the watchdog sees to that if nobody else does.
 */
export function begin(accepted: Extract<Fact, { type: 'task.accepted' }>, workflowId: string, around: Surroundings): Transition {
  const at = new Date(around.nowMs).toISOString();
  const event: WorkflowEvent = { seq: 1, at, workflowId, ...accepted };
  const state = apply(null, event);
  if (hasOwnBudget(state)) return { state, events: [event], effects: [{ do: 'timer', timer: BEGIN_TIMER, delayMs: BEGIN_WITHIN_MS }], touched: new Set() };
  const transition = advance(state, 1, { type: 'begin' }, around);
  return { ...transition, events: [event, ...transition.events] };
}

function receive(state: WorkflowState, input: Input, around: Surroundings): Outcome {
  switch (input.type) {
    case 'begin':
      return hasOwnBudget(state) ? { facts: [], effects: [{ do: 'clear-timer', timer: BEGIN_TIMER }] } : NOTHING;
    case 'result':
      return receiveResult(state, input.tier, input.result, around);
    case 'worker-lost':
    case 'result-lost':
      return receiveCallLost(state, input, new Date(around.nowMs).toISOString());
    case 'timer':
      return receiveTimer(state, input.timer, around);
    case 'cancel':
      return cancel(state, input.reason);
    case 'give-up':
      return fail(state, input.failure);
    default:
      return unreachable(input);
  }
}

/** After the end only costs are still noted: a result that comes late was paid for. */
function afterTheEnd(state: WorkflowState, input: Input, around: Surroundings): Outcome {
  return input.type === 'result' ? receiveResult(state, input.tier, input.result, around) : NOTHING;
}

interface Machine {
  take: (outcome: Outcome) => void;
  settle: (fromStart: boolean) => void;
  finish: () => Transition;
}

function createMachine(initial: WorkflowState, initialSeq: number, around: Surroundings): Machine {
  const at = new Date(around.nowMs).toISOString();
  const { workflowId } = initial.accepted;
  const events: WorkflowEvent[] = [];
  const effects: Effect[] = [];
  const touched = new Set<string>();
  let changed = new Set<string>();
  let state = initial;

  const take = (outcome: Outcome): void => {
    for (const fact of outcome.facts) {
      const event: WorkflowEvent = { seq: initialSeq + events.length + 1, at, workflowId, ...fact };
      events.push(event);
      state = apply(state, event);
      const stepId = 'stepId' in fact.data ? fact.data.stepId : undefined;
      if (stepId !== undefined) {
        touched.add(stepId);
        changed.add(stepId);
      }
    }
    effects.push(...outcome.effects);
  };

  return {
    take,
    settle: (fromStart) => {
      let candidates = fromStart ? new Set(state.accepted.plan.steps.map((step) => step.id)) : candidatesAfter(state, changed);
      for (;;) {
        changed = new Set();
        const commands = decide(state, candidates, around);
        if (commands.length === 0) return;
        for (const command of commands) take(carryOut(state, command, around));
        const started = commands.some((command) => command.command === 'start');
        if (!started) candidates = candidatesAfter(state, changed);
      }
    },
    finish: () => ({ state, events, effects, touched }),
  };
}

function unreachable(input: never): never {
  throw new RangeError(`unknown input ${JSON.stringify(input)}`);
}
