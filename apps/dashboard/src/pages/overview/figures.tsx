import { Link } from '@tanstack/react-router';
import type { Overview, WorkflowStatus } from '@trivet/contracts';
import type { ReactNode } from 'react';
import { compact, usd } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';

/** The figures of now and of a day; those of workflows lead to them. */
export function Figures({ overview }: { overview: Overview }) {
  const { durationMs, failed24h } = overview;
  const now = (statuses: WorkflowStatus[], value: number, look = '') => <Counted value={value} search={{ status: statuses }} look={look} />;
  const ofDay = (status: WorkflowStatus, value: number, look: string) => <Counted value={value} search={{ status }} look={look} />;
  return (
    <>
      <dl className="grid grid-cols-2 gap-3 sm:grid-cols-4 xl:grid-cols-[repeat(3,1fr)_repeat(2,1.1fr)_1.5fr_1fr_1fr]">
        <Figure name="Running">{now(['running'], overview.running)}</Figure>
        <Figure name="Waiting">{now(['waiting', 'paused'], overview.waiting)}</Figure>
        <Figure name="Queued">{now(['accepted'], overview.queued)}</Figure>
        <Figure name="Completed, 24 h">{ofDay('completed', overview.completed24h, 'text-good')}</Figure>
        <Figure name="Failed, 24 h">{ofDay('failed', failed24h, failed24h > 0 ? 'text-bad' : '')}</Figure>
        <Figure name="Duration p50, p95">{durationMs ? `${duration(durationMs.p50)}, ${duration(durationMs.p95)}` : '–'}</Figure>
        <Figure name="Tokens today">{compact(overview.tokensToday)}</Figure>
        <Figure name="Cost today">{usd(overview.nanoUsdToday)}</Figure>
      </dl>
      {overview.atLeast && <p className="text-muted">There are more workflows than were looked at: these figures are of the newest.</p>}
    </>
  );
}

function Figure({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div className="grid min-w-0 content-start gap-0.5 rounded-lg border border-line bg-surface px-3 py-2">
      <dt className="text-xs text-muted">{name}</dt>
      <dd className="text-lg font-semibold whitespace-nowrap tabular-nums">{children}</dd>
    </div>
  );
}

const Counted = ({ value, search, look }: { value: number; search: { status: string | string[] }; look: string }) => (
  <Link to="/workflows" search={search} className={`block min-w-6 hover:underline ${look}`}>
    {compact(value)}
  </Link>
);
