import type { Event, Step } from '@trivet/contracts';

/** What a step did for a while; times are ms since 1970. */
export interface Segment {
  kind: 'queued' | 'running' | 'waiting';
  from: number;
  /** undefined: it goes on. */
  to: number | undefined;
  /** It ran, and came to nothing: its worker was lost, or it failed and is tried again. */
  broken: boolean;
}

/** `taken`: a worker took its call from the line. `idle`: it has ended, or what comes next says how it goes on. */
interface Change {
  at: number;
  kind: Segment['kind'] | 'taken' | 'idle';
  /** What went on until then came to nothing. */
  breaks: boolean;
}

/**
 * A step's times in line, at work and waiting, in their order and without overlaps. Since when it is in line stands in its events, when
 * a worker took it from there in its calls. A step whose events are not read yet shows its first start and its end.
 */
export function segmentsOf(step: Step, events: readonly Event[]): Segment[] {
  const told = events.flatMap((event) => changeOf(event) ?? []);
  if (told.every(({ kind }) => kind === 'idle')) return wholeOf(step);
  const segments: Segment[] = [];
  let open: Segment | undefined;
  for (const { at, kind, breaks } of [...told, ...takesOf(step)].toSorted(byTime)) {
    if (kind === open?.kind || (kind === 'taken' && open?.kind !== 'queued')) continue;
    if (open) {
      open.to = at;
      open.broken = breaks && open.kind === 'running';
    }
    open = kind === 'idle' ? undefined : { kind: kind === 'taken' ? 'running' : kind, from: at, to: undefined, broken: false };
    if (open) segments.push(open);
  }
  return segments;
}

/** How long it was in line, at work and waiting until `now`, in ms. */
export function timesOf(segments: readonly Segment[], now: number): Record<Segment['kind'], number> {
  const times = { queued: 0, running: 0, waiting: 0 };
  for (const { kind, from, to } of segments) times[kind] += Math.max(0, (to ?? now) - from);
  return times;
}

const takesOf = ({ calls }: Step): Change[] => calls.flatMap(({ startedAt, parentCallId }) => (startedAt === null || parentCallId !== undefined ? [] : { at: Date.parse(startedAt), kind: 'taken', breaks: false }));

/** Within one millisecond a step is put in line, taken from there and ended, in this order. */
const RANKS: Partial<Record<Change['kind'], number>> = { queued: 0, taken: 1 };
const byTime = (left: Change, right: Change): number => left.at - right.at || (RANKS[left.kind] ?? 2) - (RANKS[right.kind] ?? 2);

/** Work that the orchestrator waits for, in place of doing it. */
const WAITS: ReadonlySet<unknown> = new Set(['wait', 'workflow']);

function changeOf({ type, at, data }: Event): Change | undefined {
  const change = (kind: Change['kind'], breaks = false): Change => ({ at: Date.parse(at), kind, breaks });
  switch (type) {
    case 'step.scheduled':
      return change('queued');
    case 'step.started':
      return change(WAITS.has(workOf(data['work'])) ? 'waiting' : 'running');
    case 'approval.requested':
      return change('waiting');
    case 'step.retrying':
      return change('waiting', true);
    case 'call.lost':
      return change('queued', true);
    case 'approval.decided':
    case 'step.completed':
    case 'step.failed':
    case 'step.cancelled':
    case 'step.skipped':
      return change('idle');
    default:
      return undefined;
  }
}

const workOf = (work: unknown): unknown => (typeof work === 'object' && work !== null && 'kind' in work ? work.kind : undefined);

function wholeOf({ startedAt, finishedAt, status }: Step): Segment[] {
  if (startedAt === null) return [];
  return [{ kind: status === 'waiting' ? 'waiting' : 'running', from: Date.parse(startedAt), to: finishedAt === null ? undefined : Date.parse(finishedAt), broken: false }];
}
