import { WaitInput, parseOrFail } from '@trivet/contracts';
import type { Beginning } from './beginning.js';
import { completeStep } from '../commands/complete-step.js';
import { failStep } from '../commands/fail-step.js';
import { evaluate } from '../expression.js';
import { travellingInput } from '../large-value.js';
import { madeInput } from './script.js';
import { scopeFor } from '../scope.js';
import type { StepState, WorkflowState } from '../state.js';
import { NOTHING, type Effect, type Input, type Outcome, type Surroundings } from '../transition.js';

/** More kept signals than this are refused: nobody waits for them. */
export const MOST_KEPT_SIGNALS = 1_000;

/** A duration, a time or a signal; one that was sent before is taken at once. */
export function beginWait({ state, step, planStep, attempt, callId, around, child }: Beginning): Outcome {
  const input = parseOrFail(WaitInput, madeInput(state, step, around) ?? evaluate(planStep.input ?? {}, scopeFor(state, step, around)), `the input of step ${step.id}`);
  const until = untilOf(input, around.nowMs);
  const signal = 'signal' in input ? input.signal : null;
  const { fields } = travellingInput(JSON.parse(JSON.stringify(input)));
  const started = { type: 'step.started', data: { ...child, stepId: step.id, callId, attempt, ...fields, work: { kind: 'wait', until, signal } } } as const;
  const kept = signal === null ? undefined : state.signals.find((each) => each.name === signal);
  const isOver = signal === null && until !== null && until <= around.nowMs;
  if (kept || isOver) {
    const open: Extract<StepState, { status: 'open' }> = { ...step, status: 'open', callId, attempt, startedAt: new Date(around.nowMs).toISOString(), work: { kind: 'wait', until: null, signal } };
    const done = completeStep(state, open, kept ? { payload: kept.payload } : {}, around);
    return { facts: [started, ...(kept ? [{ type: 'signal.consumed', data: { name: kept.name, stepId: step.id } } as const] : []), ...done.facts], effects: done.effects };
  }
  const effects: Effect[] = until === null ? [] : [{ do: 'timer', timer: `wait-${step.id}`, delayMs: until - around.nowMs }];
  return { facts: [started], effects };
}

/** A signal wakes every step that waits for it now; when there is none, it is kept for the first that will. */
export function receiveSignal(state: WorkflowState, input: Extract<Input, { type: 'signal' }>, around: Surroundings): Outcome {
  const received = { type: 'signal.received', data: { name: input.name, payload: input.payload } } as const;
  const outcomes: Outcome[] = [];
  if (state.waiting > 0) {
    for (const step of state.steps.all()) {
      if (step.status === 'open' && step.work.kind === 'wait' && step.work.signal === input.name) outcomes.push(completeStep(state, step, { payload: input.payload }, around));
    }
  }
  const [first] = outcomes;
  if (!first) return state.signals.length >= MOST_KEPT_SIGNALS ? NOTHING : { facts: [received], effects: [] };
  const stepId = first.facts.flatMap((fact) => ('stepId' in fact.data ? [fact.data.stepId] : []))[0] ?? '';
  return {
    facts: [received, { type: 'signal.consumed', data: { name: input.name, stepId } }, ...outcomes.flatMap((outcome) => outcome.facts)],
    effects: outcomes.flatMap((outcome) => outcome.effects),
  };
}

/** The time has come, or the signal has not. */
export function wakeUp(state: WorkflowState, stepId: string, around: Surroundings): Outcome {
  const step = state.steps.get(stepId);
  if (step?.status !== 'open' || step.work.kind !== 'wait') return NOTHING;
  if (step.work.signal === null) return completeStep(state, step, {}, around);
  return failStep(state, step, { code: 'deadline_exceeded', message: `Step ${stepId} waited for the signal ${JSON.stringify(step.work.signal)}, which did not come within its timeoutMs.`, hint: 'Raise timeoutMs, or send the signal sooner.' }, around);
}

function untilOf(input: WaitInput, nowMs: number): number | null {
  if ('ms' in input) return nowMs + input.ms;
  if ('until' in input) return typeof input.until === 'number' ? input.until : Date.parse(input.until);
  return input.timeoutMs === undefined ? null : nowMs + input.timeoutMs;
}
