import type { Step } from '@trivet/contracts';
import { duration } from '../../formatting/times.js';
import type { Mark, TimelineRow } from './timeline-rows.js';
import { timesOf, type Segment } from './timeline-segments.js';

const COLOURS: Record<Step['status'], string> = { pending: 'bg-line', scheduled: 'bg-busy', running: 'bg-busy', waiting: 'bg-busy', completed: 'bg-good', failed: 'bg-bad', cancelled: 'bg-muted', skipped: 'bg-muted' };

export interface TimeSpan {
  from: number;
  to: number;
}

interface BarProps {
  row: TimelineRow;
  /** The whole axis, in ms since 1970. */
  axis: TimeSpan;
  /** Until when what is still open is drawn. */
  until: number;
  /** undefined: coloured by status. */
  strength: number | undefined;
}

/** What a step did on the time axis: stripes in line, full colour at work, dots while it waited. */
export function TimelineBar({ row, axis, until, strength }: BarProps) {
  const words = wordsOf(row, until);
  return (
    <span role="img" aria-label={words} title={words} className="relative block h-5 rounded bg-raised">
      {row.segments.map((segment, index) => (
        <Piece key={index} segment={segment} colour={strength === undefined ? COLOURS[row.step.status] : 'bg-accent'} strength={strength ?? 1} place={placeOf(segment, axis, until)} />
      ))}
      {row.marks.map((mark) => (
        <Tick key={`${mark.kind}${mark.at}`} mark={mark} left={shareOf(mark.at, axis)} />
      ))}
    </span>
  );
}

function Piece({ segment: { kind, to, broken }, colour, strength, place }: { segment: Segment; colour: string; strength: number; place: { left: string; width: string } }) {
  if (kind === 'queued') return <span className="stripes-muted absolute inset-y-1.5 rounded-l" style={place} />;
  if (kind === 'waiting') return <span className="dots-warn absolute inset-y-1" style={place} />;
  return <span className={`absolute inset-y-1 min-w-0.5 rounded-sm ${broken ? 'bg-bad' : colour} ${to === undefined ? 'animate-pulse' : ''}`} style={{ ...place, opacity: strength }} />;
}

/** A line where a call was lost or an attempt failed, its sign above it. */
function Tick({ mark, left }: { mark: Mark; left: number }) {
  return (
    <span title={mark.words} className="absolute inset-y-0 border-l-2 border-bad" style={{ left: `${left}%` }}>
      <span aria-hidden className={`absolute -top-1 rounded-full bg-surface px-0.5 text-xs leading-none text-bad ${left > 90 ? 'right-0.5' : 'left-0'}`}>
        {mark.kind === 'lost' ? '⟲' : '↻'}
      </span>
    </span>
  );
}

const shareOf = (at: number, { from, to }: TimeSpan): number => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));

function placeOf(segment: Segment, axis: TimeSpan, until: number): { left: string; width: string } {
  const left = shareOf(segment.from, axis);
  return { left: `${left}%`, width: `${Math.max(0, shareOf(segment.to ?? until, axis) - left)}%` };
}

function wordsOf({ step, segments, marks }: TimelineRow, until: number): string {
  if (segments.length === 0) return `${step.id}: ${step.status}`;
  const { queued, running, waiting } = timesOf(segments, until);
  const parts = [`ran ${duration(running)}`, queued > 0 ? `${duration(queued)} in line` : '', waiting > 0 ? `waited ${duration(waiting)}` : '', ...marks.map(({ words }) => words)];
  return `${step.id}: ${parts.filter(Boolean).join(', ')}`;
}
