import type { Fact, WorkflowEvent } from '@trivet/contracts';
import { apply } from './apply.js';
import { cancel, fail } from './commands/finish.js';
import { carryOut } from './commands/carry-out.js';
import { candidatesAfter, decide } from './decide.js';
import { pause, resume, retry } from './inputs/control.js';
import { receiveResult } from './inputs/result.js';
import { receiveTimer } from './inputs/timer.js';
import { receiveCallLost } from './inputs/call-lost.js';
import { receiveDecision } from './kinds/approval.js';
import { receiveChildEnded } from './kinds/child-workflow.js';
import { receiveSignal } from './kinds/wait.js';
import { BEGIN_TIMER, hasEnded, waitsToBegin, type WorkflowState } from './state.js';
import { NOTHING, type Effect, type Input, type Outcome, type Surroundings, type Transition } from './transition.js';

/** The version of these rules: a history carries the one it was begun with. */
export const MACHINE_VERSION = 1;
/** Workflows begun under this version or a later one are still decided as they were (docs/decisions/0017). */
export const OLDEST_MACHINE_VERSION = 1;

/**
 * One transition of a workflow, pure: the input becomes facts, facts change the state, the state decides on commands,
 * commands become facts and effects, until nothing more is to be done now. The same state, input and surroundings
 * give the same transition in every process.
 * @param seq number of events before
 */
export function advance(state: WorkflowState, seq: number, input: Input, around: Surroundings): Transition {
  const machine = createMachine(state, seq, around);
  if (input.type === 'begin' && state.status !== 'accepted') return machine.finish();
  if (hasEnded(state) && input.type !== 'retry') {
    machine.take(afterTheEnd(state, input, around));
    return machine.finish();
  }
  machine.take(receive(state, input, around));
  machine.settle(looksAtAll(input));
  return machine.finish();
}

/** How long a workflow may stand accepted before the watchdog opens its account and begins it. */
const BEGIN_WITHIN_MS = 2_000;

/**
 * The transition that makes a workflow: accepted, started, and its first steps begun. One with a budget is only
 * accepted: it begins (`begin` input) once its account has its limit, and the watchdog sees to that if nobody else does.
 * @param reused results that a fork takes over from another workflow
 */
export function begin(accepted: Extract<Fact, { type: 'task.accepted' }>, workflowId: string, around: Surroundings, reused: readonly Fact[] = []): Transition {
  const at = new Date(around.nowMs).toISOString();
  const events = [accepted, ...reused].map((fact, index): WorkflowEvent => ({ seq: index + 1, at, workflowId, ...fact }));
  const state = events.reduce<WorkflowState | null>((folded, event) => apply(folded, event), null);
  if (!state) throw new RangeError('unreachable: the first event makes a state');
  const touched = new Set(reused.flatMap((fact) => ('stepId' in fact.data ? [fact.data.stepId] : [])));
  if (waitsToBegin(state)) return { state, events, effects: [{ do: 'timer', timer: BEGIN_TIMER, delayMs: BEGIN_WITHIN_MS }], touched };
  const transition = advance(state, events.length, { type: 'begin' }, around);
  return { ...transition, events: [...events, ...transition.events], touched: new Set([...touched, ...transition.touched]) };
}

function receive(state: WorkflowState, input: Input, around: Surroundings): Outcome {
  switch (input.type) {
    case 'begin':
      return waitsToBegin(state) ? { facts: [], effects: [{ do: 'clear-timer', timer: BEGIN_TIMER }] } : NOTHING;
    case 'result':
      return receiveResult(state, input.tier, input.result, around);
    case 'worker-lost':
    case 'result-lost':
      return receiveCallLost(state, input, new Date(around.nowMs).toISOString());
    case 'timer':
      return receiveTimer(state, input.timer, around);
    case 'cancel':
      return cancel(state, input.reason);
    case 'pause':
      return pause(state, input.reason);
    case 'resume':
      return resume(state, around.nowMs);
    case 'retry':
      return retry(state, input.reason);
    case 'signal':
      return receiveSignal(state, input, around);
    case 'decide':
      return receiveDecision(state, input, around);
    case 'child-ended':
      return receiveChildEnded(state, input, around);
    case 'give-up':
      return fail(state, input.failure);
    default:
      return unreachable(input);
  }
}

/** The timer that goes on where one transition would have become too large. */
export const CONTINUE_TIMER = 'continue';
/** One commit has hardly more events than this. */
const MOST_EVENTS = 500;

/** After these inputs any step may have become due, not only those that changed. */
const looksAtAll = (input: Input): boolean => input.type === 'begin' || input.type === 'resume' || input.type === 'retry' || (input.type === 'timer' && input.timer === CONTINUE_TIMER);

/** After the end only costs are still noted: a result that comes late was paid for. */
function afterTheEnd(state: WorkflowState, input: Input, around: Surroundings): Outcome {
  return input.type === 'result' ? receiveResult(state, input.tier, input.result, around) : NOTHING;
}

interface Machine {
  take: (outcome: Outcome) => void;
  settle: (fromAll: boolean) => void;
  finish: () => Transition;
}

function createMachine(initial: WorkflowState, initialSeq: number, given: Surroundings): Machine {
  // A large value that this very transition makes is not stored yet when it is needed.
  const values = new Map(given.values);
  const around = { ...given, values };
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
      for (const stepId of stepsOf(fact)) {
        changed.add(stepId);
        touched.add(stepId);
        const parent = state.steps.get(stepId)?.childOf?.parent;
        if (parent !== undefined) touched.add(parent);
      }
    }
    for (const effect of outcome.effects) if (effect.do === 'store') values.set(effect.reference.blob, effect.value);
    effects.push(...outcome.effects);
  };

  /** @returns false when the transition has become large enough: the rest follows in another */
  const takeAll = (commands: ReturnType<typeof decide>): boolean => {
    for (const command of commands) {
      if (events.length > MOST_EVENTS && (command.command === 'begin' || command.command === 'go-on')) {
        effects.push({ do: 'timer', timer: CONTINUE_TIMER, delayMs: 0 });
        return false;
      }
      take(carryOut(state, command, around));
    }
    return true;
  };

  return {
    take,
    settle: (fromAll) => {
      const everything = (): Set<string> => new Set([...state.steps.all()].map((step) => step.id));
      let candidates = fromAll ? everything() : candidatesAfter(state, changed);
      for (;;) {
        changed = new Set();
        const commands = decide(state, candidates, around);
        if (commands.length === 0 || !takeAll(commands)) return;
        const started = commands.some((command) => command.command === 'start');
        candidates = started ? everything() : candidatesAfter(state, changed);
      }
    },
    finish: () => ({ state, events, effects, touched }),
  };
}

function stepsOf(fact: Fact): readonly string[] {
  if (fact.type === 'workflow.retried') return fact.data.steps;
  return 'stepId' in fact.data && fact.type !== 'signal.consumed' ? [fact.data.stepId] : [];
}

function unreachable(input: never): never {
  throw new RangeError(`unknown input ${JSON.stringify(input)}`);
}
