import { createHash } from 'node:crypto';
import { TERMINAL_EVENTS, canonicalJson, type CallRecord, type Event } from '@trivet/contracts';
import { dataOf, eventsOf, type Invariant } from '../evidence.js';

/** So many deaths of workers under one call end it, on purpose. */
const POISONOUS_DEATHS = 3;

export const endsOnce: Invariant = {
  name: 'every accepted workflow ends, once',
  check: (evidence) => {
    const { workflow } = evidence;
    if (!workflow) return [`was accepted, and nobody knows it; the journal has ${evidence.journal.size} events of it, the target ${evidence.executions.length} executions`];
    const events = eventsOf(evidence);
    const ends = events.filter((event) => TERMINAL_EVENTS.some((type) => type === event.type));
    if (ends.length !== 1) return [`has ${ends.length} terminal events; it is ${workflow.status}: ${JSON.stringify(evidence.steps.map((step) => [step.id, step.status, step.calls.map((call) => [call.outcome, call.worker])]))}`];
    if (workflow.status === 'completed' && ends[0] === events.at(-1)) return [];
    // A step's own call, or one of the child workflow it waits for, which is looked at by itself.
    const isPoisoned = workflow.failure?.code === 'poisoned' && (deadWorkers(events).some((workers) => workers.size >= POISONOUS_DEATHS) || evidence.steps.some((step) => step.childWorkflowId !== undefined));
    return isPoisoned ? [] : [`ended as ${workflow.status}: ${JSON.stringify(workflow.failure)}`];
  },
};

/** The workers that died under each call. */
function deadWorkers(events: readonly Event[]): Set<string>[] {
  const byCall = new Map<string, Set<string>>();
  for (const { data } of dataOf<{ callId: string; worker: string }>(events, 'call.lost')) byCall.set(data.callId, (byCall.get(data.callId) ?? new Set()).add(data.worker));
  return [...byCall.values()];
}

export const gapless: Invariant = {
  name: 'histories have no gap, and their chain holds',
  check: (evidence) => {
    let chain = '';
    const wrong: string[] = [];
    eventsOf(evidence).forEach(({ hash, ...event }, index) => {
      if (event.seq !== index + 1) wrong.push(`event ${event.seq} stands at ${index + 1}`);
      chain = createHash('sha256').update(chain).update(canonicalJson(event)).digest('hex');
      if (hash !== chain) wrong.push(`the chain breaks at event ${event.seq}`);
    });
    return wrong.slice(0, 2);
  },
};

export const journaled: Invariant = {
  name: 'the journal is the history, byte for byte',
  check: ({ history, journal }) => {
    const different = history.findIndex((text, index) => journal.get(index + 1) !== text);
    if (different >= 0) return [`event ${different + 1} is ${history[different]}, in the journal ${journal.get(different + 1)}`];
    const beyond = [...journal.keys()].filter((seq) => seq > history.length);
    return beyond.length > 0 ? [`the journal has events ${beyond.join(', ')}, which the history of ${history.length} has not`] : [];
  },
};

export const streamed: Invariant = {
  name: 'a subscriber sees each event once, in order',
  check: ({ submitted, history }) => {
    if (!submitted) return [];
    const wrong = submitted.seen.findIndex((seq, index) => seq !== index + 1);
    if (wrong >= 0) return [`its stream came as ${submitted.seen.slice(Math.max(0, wrong - 2), wrong + 3).join(', ')} …`];
    return submitted.seen.length === history.length ? [] : [`its stream had ${submitted.seen.length} of ${history.length} events`];
  },
};

/** Two orchestrators both notice a death; only one may count it. A worker that came back may hang again, but not so soon. */
const AGAIN_MS = 4_000;

export const lostOnce: Invariant = {
  name: 'a death counts once',
  check: (evidence) => {
    const losses = dataOf<{ callId: string; worker: string; deaths: number; call: CallRecord }>(eventsOf(evidence), 'call.lost');
    return losses.flatMap((loss, index) => {
      const twin = losses.slice(0, index).find((other) => other.data.callId === loss.data.callId && other.data.worker === loss.data.worker && loss.at - other.at < AGAIN_MS && other.data.deaths < loss.data.deaths);
      return twin ? [`worker ${loss.data.worker} died twice under call ${loss.data.callId} within ${loss.at - twin.at} ms`] : [];
    });
  },
};
