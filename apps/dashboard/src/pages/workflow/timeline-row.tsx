import type { ReactNode } from 'react';
import { StatusBadge } from '../../parts/status-badge.js';
import type { TimelineRow } from './timeline-rows.js';

interface RowProps {
  row: TimelineRow;
  bar: ReactNode;
  /** Its figure, at the right. */
  figure: string;
  chosen: boolean;
  folded: boolean;
  /** What its model says at this moment. */
  saying: string | undefined;
  onChoose: (step: string) => void;
  onTurn: (step: string) => void;
}

/** Characters of what a model says that fit beneath a bar. */
const SAID_LENGTH = 120;

/** A step: its name and status at the left, its times on the axis, what it says below them. */
export function TimelineRowView({ row, bar, figure, chosen, folded, saying, onChoose, onTurn }: RowProps) {
  const { step, depth, children, marks } = row;
  const runs = step.status === 'running' || step.status === 'scheduled';
  const below = runs && saying ? saying.slice(-SAID_LENGTH) : (marks.at(-1)?.words ?? '');
  return (
    <li className={`grid items-center gap-x-3 border-b border-line px-3 py-1.5 last:border-0 sm:grid-cols-[17rem_1fr_4.5rem] ${chosen ? 'bg-raised' : 'hover:bg-raised'}`}>
      <span className="flex min-w-0 items-center gap-1" style={{ paddingLeft: `${depth * 16}px` }}>
        {children > 0 && (
          <button type="button" aria-expanded={!folded} aria-label={`${folded ? 'Show' : 'Hide'} the ${children} steps inside ${step.id}`} onClick={() => onTurn(step.id)} className="min-h-6 w-6 shrink-0 rounded text-muted hover:bg-page">
            {folded ? '▸' : '▾'}
          </button>
        )}
        <button type="button" aria-pressed={chosen} onClick={() => onChoose(step.id)} className="min-h-6 min-w-0 flex-1 truncate text-left" title={step.title ?? step.id}>
          <span className="font-medium">{step.title ?? step.id}</span> <span className="text-xs text-muted">{children > 0 ? `${step.kind}, ${children} inside` : step.kind}</span>
        </button>
        <StatusBadge status={step.status} />
      </span>
      <span className="grid min-w-0 gap-0.5">
        {bar}
        {below && <span className="truncate text-xs text-muted">{below}</span>}
      </span>
      <span className="text-xs text-muted tabular-nums sm:text-right">{figure}</span>
    </li>
  );
}
