import type { Event, Step, Workflow } from '@trivet/contracts';
import type { Shape } from './shapes.js';
import type { Execution } from './target.js';

/** All that is known of one workflow, each part from another witness. */
export interface Evidence {
  workflowId: string;
  /** Of a child workflow: null, since nobody submitted it or watched it. */
  submitted: { shape: Shape; seen: readonly number[]; signal: { sent: number; acknowledged: number } } | null;
  /** As the API shows it; null when it knows no such workflow. */
  workflow: Workflow | null;
  steps: readonly Step[];
  /** The events as Redis holds them, byte for byte. */
  history: readonly string[];
  /** The events as the journal holds them, by seq. */
  journal: ReadonlyMap<number, string>;
  /** What the target was asked under the keys of this workflow, and what the model vendor was. */
  executions: readonly Execution[];
  answers: readonly Execution[];
  /** What each reservation of its model calls was charged, by call id; and whether one is still held. */
  charges: readonly { callId: string; state: string; tokens: number }[];
}

/** Something that must hold of every workflow. Says what does not. */
export interface Invariant {
  name: string;
  check: (evidence: Evidence, leaseMs: number) => string[];
}

export const eventsOf = (evidence: Evidence): Event[] => evidence.history.map((text): Event => JSON.parse(text));

/** The data of all events of one type. Their shapes are those of the contract; the auditor reads what it needs. */
export const dataOf = <Data>(events: readonly Event[], type: Event['type']): { at: number; data: Data }[] =>
  events.filter((event) => event.type === type).map((event) => ({ at: Date.parse(event.at), data: event.data as Data }));
