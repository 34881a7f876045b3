import type { Step, Workflow } from '@trivet/contracts';
import { useMemo, useState } from 'react';
import { compact } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';
import { EmptyState } from '../../parts/empty-state.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { useNow } from '../../parts/use-now.js';
import { timelineRows, type TimelineRow } from './timeline-rows.js';
import type { LiveEvents } from './use-events.js';

interface TimelineProps {
  workflow: Workflow;
  steps: readonly Step[];
  live: LiveEvents;
  chosen: string | undefined;
  onChoose: (step: string) => void;
}

/** A step with more steps inside than this begins folded. */
const FOLD_FROM = 20;

/** The steps on one time axis: how long each waited in line, how long it ran, where it was taken over or tried again. */
export function Timeline({ workflow, steps, live, chosen, onChoose }: TimelineProps) {
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const now = useNow();
  const rows = useMemo(() => timelineRows(steps, live.events, (step, children) => children > FOLD_FROM !== turned.has(step.id)), [steps, live.events, turned]);
  if (rows.length === 0) return <EmptyState title="It has no steps yet: its plan is being made." />;
  const from = Date.parse(workflow.createdAt);
  const to = Math.max(from + 1, workflow.finishedAt ? Date.parse(workflow.finishedAt) : now, ...rows.map((row) => row.finishedAt ?? 0));
  const turn = (id: string) => setTurned((before) => new Set(before.has(id) ? [...before].filter((other) => other !== id) : [...before, id]));
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-surface">
      <Axis from={from} to={to} />
      <ol aria-label="Timeline">
        {rows.map((row) => (
          <Row key={row.step.id} row={row} from={from} to={to} now={now} ended={workflow.finishedAt !== null} chosen={row.step.id === chosen} saying={live.saying.get(row.step.id)} onChoose={onChoose} onTurn={turn} folded={row.children > FOLD_FROM !== turned.has(row.step.id)} />
        ))}
      </ol>
      <p className="flex flex-wrap gap-4 border-t border-line px-3 py-2 text-xs text-muted">
        <Key look="stripes-muted" words="in line" />
        <Key look="bg-good" words="completed" />
        <Key look="bg-busy" words="running" />
        <Key look="bg-bad" words="failed" />
        <Key look="bg-warn" words="waiting" />
        <span>⟲ taken over</span>
        <span>↻ tried again</span>
      </p>
    </div>
  );
}

function Axis({ from, to }: { from: number; to: number }) {
  return (
    <div aria-hidden className="hidden grid-cols-[16rem_1fr] border-b border-line text-xs text-muted sm:grid">
      <span className="px-3 py-1">step</span>
      <span className="flex justify-between py-1 pr-3">
        {[0, 0.25, 0.5, 0.75, 1].map((part) => (
          <span key={part}>{duration((to - from) * part)}</span>
        ))}
      </span>
    </div>
  );
}

interface RowProps {
  row: TimelineRow;
  from: number;
  to: number;
  now: number;
  ended: boolean;
  chosen: boolean;
  folded: boolean;
  saying: string | undefined;
  onChoose: (step: string) => void;
  onTurn: (step: string) => void;
}

function Row({ row, from, to, now, ended, chosen, folded, saying, onChoose, onTurn }: RowProps) {
  const { step, depth, children } = row;
  const tokens = step.calls.reduce((sum, { usage }) => sum + (usage?.totalTokens ?? 0), 0);
  return (
    <li className={`grid items-center gap-x-2 border-b border-line last:border-0 sm:grid-cols-[16rem_1fr] ${chosen ? 'bg-raised' : 'hover:bg-raised'}`}>
      <span className="flex min-w-0 items-center gap-1 px-3 py-1.5" style={{ paddingLeft: `${12 + depth * 16}px` }}>
        {children > 0 && (
          <button type="button" aria-expanded={!folded} aria-label={`${folded ? 'Show' : 'Hide'} the ${children} steps inside ${step.id}`} onClick={() => onTurn(step.id)} className="w-6 shrink-0 rounded text-muted hover:bg-page">
            {folded ? '▸' : '▾'}
          </button>
        )}
        <button type="button" aria-pressed={chosen} onClick={() => onChoose(step.id)} className="min-w-0 flex-1 truncate text-left" title={step.title ?? step.id}>
          <span className="font-medium">{step.title ?? step.id}</span> <span className="text-xs text-muted">{step.kind}</span>
        </button>
        <StatusBadge status={step.status} />
      </span>
      <span className="grid gap-0.5 py-1.5 pr-3 pl-3 sm:pl-0">
        <Bar row={row} from={from} to={to} now={now} ended={ended} />
        {(tokens > 0 || saying) && <span className="truncate text-xs text-muted">{step.status === 'running' || step.status === 'scheduled' ? (saying?.slice(-120) ?? '') : `${compact(tokens)} tokens`}</span>}
      </span>
    </li>
  );
}

const COLOURS: Record<Step['status'], string> = { pending: 'bg-line', scheduled: 'bg-busy', running: 'bg-busy', waiting: 'bg-warn', completed: 'bg-good', failed: 'bg-bad', cancelled: 'bg-muted', skipped: 'bg-muted' };

function Bar({ row, from, to, now, ended }: { row: TimelineRow; from: number; to: number; now: number; ended: boolean }) {
  const { step, queuedAt, startedAt, finishedAt, marks } = row;
  const share = (at: number) => Math.min(100, Math.max(0, ((at - from) / (to - from)) * 100));
  const end = finishedAt ?? (ended ? (startedAt ?? to) : now);
  const begun = startedAt ?? end;
  const words = `${step.id}: ${startedAt === undefined ? 'not begun' : `ran ${duration(end - startedAt)}`}${queuedAt === undefined || startedAt === undefined ? '' : `, waited ${duration(startedAt - queuedAt)} in line`}`;
  return (
    <span role="img" aria-label={words} title={words} className="relative block h-4 rounded bg-raised">
      {queuedAt !== undefined && step.status !== 'pending' && <span className="stripes-muted absolute inset-y-1 rounded-l" style={{ left: `${share(queuedAt)}%`, width: `${Math.max(0, share(begun) - share(queuedAt))}%` }} />}
      {startedAt !== undefined && <span className={`absolute inset-y-0.5 min-w-0.5 rounded ${COLOURS[step.status]} ${finishedAt === undefined && !ended ? 'animate-pulse' : ''}`} style={{ left: `${share(startedAt)}%`, width: `${Math.max(0.3, share(end) - share(startedAt))}%` }} />}
      {marks.map((mark) => (
        <span key={`${mark.kind}${mark.at}`} title={mark.words} className="absolute -top-0.5 text-xs text-ink" style={{ left: `${share(mark.at)}%` }}>
          {mark.kind === 'lost' ? '⟲' : '↻'}
          <span className="sr-only">{mark.words}</span>
        </span>
      ))}
    </span>
  );
}

const Key = ({ look, words }: { look: string; words: string }) => (
  <span className="flex items-center gap-1.5">
    <span aria-hidden className={`h-2 w-4 rounded ${look}`} /> {words}
  </span>
);
