import type { Event, Step } from '@trivet/contracts';
import { groupBy } from './group-by.js';

/** A step as a bar on the time axis; times are ms since 1970. */
export interface TimelineRow {
  step: Step;
  depth: number;
  children: number;
  /** When a call of it was first queued. */
  queuedAt: number | undefined;
  startedAt: number | undefined;
  /** undefined: it goes on. */
  finishedAt: number | undefined;
  /** Calls that were lost and taken over, and attempts that failed and were tried again. */
  marks: { at: number; kind: 'lost' | 'retry'; words: string }[];
}

const ms = (at: string | null): number | undefined => (at === null ? undefined : Date.parse(at));

/** The steps of the plan in their order, each with those inside it behind it unless it is folded. */
export function timelineRows(steps: readonly Step[], events: readonly Event[], folded: (step: Step, children: number) => boolean): TimelineRow[] {
  const inside = groupBy(steps, (step) => step.parent ?? '');
  const noted = notesOf(events);
  const rows: TimelineRow[] = [];
  const add = (step: Step, depth: number): void => {
    const children = inside.get(step.id) ?? [];
    const notes = noted.get(step.id);
    rows.push({ step, depth, children: children.length, queuedAt: notes?.queuedAt, startedAt: ms(step.startedAt), finishedAt: ms(step.finishedAt), marks: notes?.marks ?? [] });
    if (!folded(step, children.length)) for (const child of children) add(child, depth + 1);
  };
  for (const step of inside.get('') ?? []) add(step, 0);
  return rows;
}

interface Notes {
  queuedAt: number | undefined;
  marks: TimelineRow['marks'];
}

function notesOf(events: readonly Event[]): Map<string, Notes> {
  const noted = new Map<string, Notes>();
  for (const { type, at, data } of events) {
    const stepId = data['stepId'];
    if (typeof stepId !== 'string') continue;
    const notes = noted.get(stepId) ?? { queuedAt: undefined, marks: [] };
    noted.set(stepId, notes);
    if (type === 'step.scheduled') notes.queuedAt ??= Date.parse(at);
    else if (type === 'call.lost') notes.marks.push({ at: Date.parse(at), kind: 'lost', words: `${String(data['worker'])} was lost; the call is taken over` });
    else if (type === 'step.retrying') notes.marks.push({ at: Date.parse(at), kind: 'retry', words: 'it failed and is tried again' });
  }
  return noted;
}
