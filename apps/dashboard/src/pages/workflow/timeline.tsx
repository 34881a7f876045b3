import type { Step, Workflow } from '@trivet/contracts';
import { useMemo, useState } from 'react';
import { duration } from '../../formatting/times.js';
import { Choice } from '../../parts/choice.js';
import { EmptyState } from '../../parts/empty-state.js';
import { useNow } from '../../parts/use-now.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { TimelineBar, type TimeSpan } from './timeline-bar.js';
import { COLOURINGS, strengthOf, weightOf } from './timeline-colour.js';
import { TimelineLegend } from './timeline-legend.js';
import { TimelineRowView } from './timeline-row.js';
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

/** The steps on one time axis: how long each was in line, at work and waiting, where it was taken over or tried again. */
export function Timeline({ workflow, steps, live, chosen, onChoose }: TimelineProps) {
  const [filters, change] = useFilters();
  const [turned, setTurned] = useState<ReadonlySet<string>>(new Set());
  const now = useNow();
  const isFolded = (id: string, children: number) => children > FOLD_FROM !== turned.has(id);
  const rows = useMemo(() => timelineRows(steps, live.events, ({ id }, children) => isFolded(id, children)), [steps, live.events, turned]);
  if (rows.length === 0) return <EmptyState title="It has no steps yet: its plan is being made." />;
  const colouring = COLOURINGS.find((each) => each === one(filters['colour'])) ?? 'status';
  const axis = axisOf(workflow, rows, now);
  const until = workflow.finishedAt ? axis.to : now;
  const weights = rows.map((row) => weightOf(row, colouring, until));
  const most = Math.max(...weights.map(({ weight }) => weight));
  const turn = (id: string) => setTurned((before) => new Set(before.has(id) ? [...before].filter((other) => other !== id) : [...before, id]));
  return (
    <div className="overflow-hidden rounded-lg border border-line bg-surface">
      <div className="flex flex-wrap justify-end border-b border-line px-3 py-2">
        <Choice label="Colour by" options={COLOURINGS} chosen={colouring} onChoose={(colour) => change({ colour: colour === 'status' ? undefined : colour })} />
      </div>
      <Axis axis={axis} figure={colouring === 'tokens' ? 'tokens' : 'at work'} />
      <ol aria-label="Timeline">
        {rows.map((row, index) => {
          const { weight = 0, words = '' } = weights[index] ?? {};
          const bar = <TimelineBar row={row} axis={axis} until={until} strength={colouring === 'status' ? undefined : strengthOf(weight, most)} />;
          return <TimelineRowView key={row.step.id} row={row} bar={bar} figure={words} chosen={row.step.id === chosen} folded={isFolded(row.step.id, row.children)} saying={live.saying.get(row.step.id)} onChoose={onChoose} onTurn={turn} />;
        })}
      </ol>
      <TimelineLegend colouring={colouring} />
    </div>
  );
}

/** From the submission to the end, or to now. */
function axisOf({ createdAt, finishedAt }: Workflow, rows: readonly TimelineRow[], now: number): TimeSpan {
  const from = Date.parse(createdAt);
  const ends = rows.flatMap(({ segments }) => segments.map((segment) => segment.to ?? 0));
  return { from, to: Math.max(from + 1, finishedAt ? Date.parse(finishedAt) : now, ...ends) };
}

const PARTS = [0, 0.25, 0.5, 0.75, 1];

function Axis({ axis, figure }: { axis: TimeSpan; figure: string }) {
  return (
    <div aria-hidden className="hidden grid-cols-[17rem_1fr_4.5rem] gap-x-3 border-b border-line px-3 py-1 text-xs text-muted sm:grid">
      <span>step</span>
      <span className="flex justify-between tabular-nums">
        {PARTS.map((part) => (
          <span key={part}>{duration((axis.to - axis.from) * part)}</span>
        ))}
      </span>
      <span className="text-right">{figure}</span>
    </div>
  );
}
