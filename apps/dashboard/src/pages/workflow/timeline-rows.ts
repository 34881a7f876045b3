import type { Event, Step } from '@trivet/contracts';
import { groupBy } from './group-by.js';
import { segmentsOf, type Segment } from './timeline-segments.js';

/** Where something happened to a step; `at` in ms since 1970. */
export interface Mark {
  at: number;
  kind: 'lost' | 'retry';
  words: string;
}

/** A step as a row of the timeline. */
export interface TimelineRow {
  step: Step;
  depth: number;
  children: number;
  segments: readonly Segment[];
  /** Calls that were lost and taken over, and attempts that failed and were tried again. */
  marks: readonly Mark[];
}

/** The steps of the plan in their order, each with those inside it behind it unless it is folded. */
export function timelineRows(steps: readonly Step[], events: readonly Event[], folded: (step: Step, children: number) => boolean): TimelineRow[] {
  const inside = groupBy(steps, (step) => step.parent ?? '');
  const told = groupBy(events.filter(({ data }) => typeof data['stepId'] === 'string'), ({ data }) => String(data['stepId']));
  const rows: TimelineRow[] = [];
  const add = (step: Step, depth: number): void => {
    const children = inside.get(step.id) ?? [];
    const own = told.get(step.id) ?? [];
    rows.push({ step, depth, children: children.length, segments: segmentsOf(step, own), marks: own.flatMap((event) => markOf(event, step) ?? []) });
    if (!folded(step, children.length)) for (const child of children) add(child, depth + 1);
  };
  for (const step of inside.get('') ?? []) add(step, 0);
  return rows;
}

function markOf({ type, at, data }: Event, { calls }: Step): Mark | undefined {
  const lostAt = Date.parse(at);
  if (type === 'step.retrying') return { at: lostAt, kind: 'retry', words: `${reasonOf(data['failure'])}; it is tried again` };
  if (type !== 'call.lost') return undefined;
  const heir = calls.find(({ startedAt, worker, parentCallId }) => parentCallId === undefined && worker !== null && startedAt !== null && Date.parse(startedAt) >= lostAt);
  return { at: lostAt, kind: 'lost', words: heir ? `taken over from ${String(data['worker'])} by ${heir.worker}` : `lost with ${String(data['worker'])}; another takes it over` };
}

const reasonOf = (failure: unknown): string => (typeof failure === 'object' && failure !== null && 'code' in failure ? `it failed (${String(failure.code)})` : 'it failed');
