import type { Step } from '@trivet/contracts';
import { dataOf, eventsOf, type Evidence, type Invariant } from '../evidence.js';
import type { Execution } from '../target.js';

export const recordedOnce: Invariant = {
  name: 'each completed step has one completed call',
  check: ({ steps }) =>
    steps.flatMap((step) => {
      const completed = step.calls.filter((call) => call.outcome === 'completed' && call.parentCallId === undefined);
      return step.status === 'completed' && completed.length !== 1 ? [`step ${step.id} has ${completed.length} completed calls`] : [];
    }),
};

export const reallyGiven: Invariant = {
  name: 'each recorded result was really given, for that step',
  check: (evidence) =>
    evidence.steps.filter((step) => step.status === 'completed').flatMap((step) => {
      const given = givenTo(evidence, step);
      if (!given) return [];
      const recorded = numberIn(step.output);
      return given.some(({ number }) => number === recorded) ? [] : [`step ${step.id} has the result ${JSON.stringify(step.output)}; given were ${given.map(({ number }) => number).join(', ') || 'none'}`];
    }),
};

export const sameForAll: Invariant = {
  name: 'later steps saw the recorded result and no other',
  check: ({ executions }) => {
    const sights = new Map<string, Set<string>>();
    for (const { key, saw } of executions) sights.set(key, (sights.get(key) ?? new Set()).add(JSON.stringify(saw)));
    return [...sights].filter(([, each]) => each.size > 1).map(([key, each]) => `${key} was told ${[...each].join(' and then ')}`);
  },
};

/** A result that is recorded is never computed again: no tool and no model begins after it, but for one that hung since before. */
export const neverAgain: Invariant = {
  name: 'nothing is computed after its result is recorded',
  check: (evidence, leaseMs) => {
    const committed = new Map(dataOf<{ stepId: string }>(eventsOf(evidence), 'step.completed').map(({ at, data }) => [data.stepId, at]));
    return evidence.steps.flatMap((step) => {
      const at = committed.get(step.id);
      const late = at === undefined ? [] : (givenTo(evidence, step) ?? []).filter(({ startedAtMs }) => startedAtMs > at + leaseMs);
      return late.map((execution) => `step ${step.id} began again ${execution.startedAtMs - (at ?? 0)} ms after its result was recorded`);
    });
  },
};

export const signalledOnce: Invariant = {
  name: 'a signal is received as often as it was sent',
  check: (evidence) => {
    const { submitted } = evidence;
    if (!submitted?.shape.signal) return [];
    const { payload } = submitted.shape.signal;
    const received = dataOf<{ payload?: unknown }>(eventsOf(evidence), 'signal.received').filter(({ data }) => data.payload === payload).length;
    const { sent, acknowledged } = submitted.signal;
    return received > sent || received < acknowledged ? [`its signal was sent ${sent} times, ${acknowledged} of them acknowledged, and received ${received} times`] : [];
  },
};

/** The clock of Redis and that of the auditor are the same; a rounding may make a millisecond. */
const ROUNDING_MS = 2;

export const neverEarly: Invariant = {
  name: 'no timer is early',
  check: (evidence) => timersOf(evidence).filter(({ lateMs }) => lateMs < -ROUNDING_MS).map(({ stepId, lateMs }) => `timer ${stepId} fired ${-lateMs} ms early`),
};

/** How late each timer fired. */
export function timersOf(evidence: Evidence): { stepId: string; lateMs: number }[] {
  const events = eventsOf(evidence);
  const completed = new Map(dataOf<{ stepId: string }>(events, 'step.completed').map(({ at, data }) => [data.stepId, at]));
  return dataOf<{ stepId: string; work: { kind: string; until?: number | null } }>(events, 'step.started').flatMap(({ data }) => {
    const at = completed.get(data.stepId);
    const { kind, until } = data.work;
    return kind === 'wait' && typeof until === 'number' && at !== undefined ? [{ stepId: data.stepId, lateMs: at - until }] : [];
  });
}

/** What the world outside gave a step that calls it; null for a step that asks nobody. */
function givenTo({ executions, answers }: Evidence, step: Step): Execution[] | null {
  const text = JSON.stringify(step.input ?? null);
  if (step.kind === 'tool') {
    const key = /"key":"([^"]+)"/.exec(text)?.[1];
    return key === undefined ? null : executions.filter((each) => each.key === key);
  }
  if (step.kind !== 'model') return null;
  const question = /\[([^\]"]+)\]/.exec(text)?.[1];
  // The turns of an agent ask the same question, each with one more answer above it.
  const turn = text.split('"role":"assistant"').length - 1;
  return question === undefined ? null : answers.filter((each) => each.key === `${question}#${turn}`);
}

/** `{ execution: 7 }` of the target, `answer 7` of the vendor. */
const numberIn = (output: unknown): number => Number(/"execution":(\d+)|answer (\d+)/.exec(JSON.stringify(output))?.slice(1).find((digits) => digits !== undefined) ?? NaN);
