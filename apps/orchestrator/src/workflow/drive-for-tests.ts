import type { Fact, JsonValue, ModelResult, Plan, ToolResult, WorkflowEvent } from '@trivet/contracts';
import { advance, begin } from './advance.js';
import { apply } from './apply.js';
import type { StepState, WorkflowState } from './state.js';
import type { Effect, Input, Surroundings, Transition } from './transition.js';

export const accepted = (plan: Plan, task: object = {}, rest: object = {}): Extract<Fact, { type: 'task.accepted' }> => ({
  type: 'task.accepted',
  data: { tenant: 'acme', task: { goal: 'the goal', ...task }, plan, template: null, templateDigest: null, source: 'http', bodyHash: 'h', traceparent: null, ...rest },
});

/** One transition as it was: what went in, and what came out. */
export interface RecordedTransition {
  /** Absent: the one that made the workflow. */
  input?: Input;
  around: { nowMs: number; jitter: number };
  events: WorkflowEvent[];
  effects: Effect[];
}

export interface Drive {
  /** Everything so far, to be replayed. */
  recorded: RecordedTransition[];
  state: () => WorkflowState;
  events: WorkflowEvent[];
  /** All effects so far. */
  effects: Effect[];
  last: () => Transition;
  tell: (input: Input) => Transition;
  /** Lets time pass. */
  wait: (ms: number) => void;
  fire: (timer: string) => Transition;
  step: (stepId: string) => StepState;
  status: (stepId: string) => string;
  /** The worker of a step's call reports this. */
  report: (stepId: string, rest: Partial<ToolResult & ModelResult>) => Transition;
  answer: (stepId: string, output: JsonValue) => Transition;
  /** The state made anew from the events alone. */
  folded: () => WorkflowState;
}

/** A workflow told one input after the other; keeps all events and effects, and values by reference as a runner would. */
export function drive(plan: Plan, task: object = {}, rest: object = {}): Drive {
  const values = new Map<string, JsonValue>();
  let around: Surroundings = { nowMs: 1_000_000, values, jitter: 0 };
  const effects: Effect[] = [];
  const recorded: RecordedTransition[] = [];
  const keep = (transition: Transition, input?: Input): Transition => {
    recorded.push({ ...(input ? { input } : {}), around: { nowMs: around.nowMs, jitter: around.jitter }, events: transition.events, effects: transition.effects });
    effects.push(...transition.effects);
    for (const effect of transition.effects) if (effect.do === 'store') values.set(effect.reference.blob, JSON.parse(effect.json));
    return transition;
  };
  let transition = keep(begin(accepted(plan, task, rest), 'wf', around));
  const events = [...transition.events];
  const step = (stepId: string): StepState => {
    const found = transition.state.steps.get(stepId);
    if (!found) throw new Error(`there is no step ${stepId}`);
    return found;
  };
  const drive: Drive = {
    recorded,
    state: () => transition.state,
    events,
    effects,
    last: () => transition,
    tell: (input) => {
      transition = keep(advance(transition.state, events.length, input, around), input);
      events.push(...transition.events);
      return transition;
    },
    wait: (ms) => void (around = { ...around, nowMs: around.nowMs + ms }),
    fire: (timer) => drive.tell({ type: 'timer', timer }),
    step,
    status: (stepId) => step(stepId).status,
    report: (stepId, rest) => {
      const { callId, attempt } = callOf(step(stepId));
      return drive.tell({ type: 'result', tier: 'tool', result: { callId, tenant: 'acme', workflowId: 'wf', stepId, attempt, epoch: 1, worker: 'w1', startedAt: 'a', finishedAt: 'b', ...rest } });
    },
    answer: (stepId, output) => drive.report(stepId, { output } as Partial<ToolResult & ModelResult>),
    folded: () => {
      const state = events.reduce<WorkflowState | null>((folded, event) => apply(folded, event), null);
      if (!state) throw new Error('no events');
      return state;
    },
  };
  return drive;
}

export function callOf(step: StepState): { callId: string; attempt: number } {
  if (step.status !== 'scheduled') throw new Error(`${step.id} is ${step.status}`);
  return step;
}

export const types = (events: readonly WorkflowEvent[]): string[] => events.map((event) => event.type);
