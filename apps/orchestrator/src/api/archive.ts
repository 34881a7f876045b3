import type { Bus } from '@trivet/bus';
import { isIdentifier } from '@trivet/contracts';
import type { WorkflowErasure, WorkflowRef, WorkflowStore } from '@trivet/state';
import { decodeEvent, decodeWorkflow } from '../runner/codec.js';
import { apply } from '../workflow/apply.js';
import type { WorkflowState } from '../workflow/state.js';

/** Workflows in Redis, and those that have left it, from the journal. */
export interface Archive {
  state: (ref: WorkflowRef) => Promise<WorkflowState | null>;
  /** Events with seq > after, in order, as they stand in the history. */
  events: (ref: WorkflowRef, after: number, limit: number) => Promise<string[]>;
  /** The last so many events, in order; with `before` those with a lower seq only. */
  lastEvents: (ref: WorkflowRef, tail: number, before: number | undefined) => Promise<string[]>;
}

const MOST_EVENTS = 200_000;

export interface ArchiveParts {
  store: WorkflowStore;
  bus: Pick<Bus, 'read' | 'countOf'>;
  workflowErasure: Pick<WorkflowErasure, 'isErased'>;
}

/** Reads the events of a workflow from the journal, in order. */
export function createJournalReader(bus: ArchiveParts['bus']): (ref: WorkflowRef) => Promise<string[]> {
  return async (ref) => {
    if (!isIdentifier(ref.tenant) || !isIdentifier(ref.workflowId)) return [];
    const subject = `trivet.v1.event.${ref.tenant}.${ref.workflowId}.>`;
    if ((await bus.countOf('EVENTS', subject)) === 0) return [];
    const bySeq = new Map<number, string>();
    for (const message of await bus.read('EVENTS', { subject, limit: MOST_EVENTS })) {
      if (message.subject.endsWith('.task.rejected') || message.subject.endsWith('.fact.recorded')) continue;
      const text = new TextDecoder().decode(message.data);
      bySeq.set(decodeEvent(text).seq, text);
    }
    return [...bySeq].sort(([left], [right]) => left - right).map(([, text]) => text);
  };
}

export function createArchive({ store, bus, workflowErasure }: ArchiveParts): Archive {
  const readJournal = createJournalReader(bus);
  /** While it is erased, the journal may hold some of it still. */
  const journaled = async (ref: WorkflowRef): Promise<string[]> => ((await workflowErasure.isErased(ref)) ? [] : readJournal(ref));

  async function events(ref: WorkflowRef, after: number, limit: number): Promise<string[]> {
    const kept = await store.readEvents(ref, after, limit);
    if (kept.length > 0 || (await store.load(ref))) return kept;
    return (await journaled(ref)).filter((text) => decodeEvent(text).seq > after).slice(0, limit);
  }

  async function lastSeq(ref: WorkflowRef): Promise<number> {
    const stored = await store.load(ref);
    if (stored) return stored.seq;
    const last = (await journaled(ref)).at(-1);
    return last === undefined ? 0 : decodeEvent(last).seq;
  }

  return {
    state: async (ref) => {
      const stored = await store.load(ref);
      if (stored) return decodeWorkflow(stored);
      const texts = await journaled(ref);
      const first = texts[0];
      // The oldest events may have left the journal too.
      if (first === undefined || decodeEvent(first).seq !== 1) return null;
      return texts.reduce<WorkflowState | null>((state, text) => apply(state, decodeEvent(text)), null);
    },
    events,
    lastEvents: async (ref, tail, before = Infinity) => {
      const end = Math.min(await lastSeq(ref), before - 1);
      const after = Math.max(0, end - tail);
      return end <= 0 ? [] : events(ref, after, end - after);
    },
  };
}
