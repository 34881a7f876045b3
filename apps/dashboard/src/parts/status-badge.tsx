import type { StepStatus, WorkflowStatus } from '@trivet/contracts';

type Status = WorkflowStatus | StepStatus | 'lost' | 'stale';

const COLOURS: Record<Status, string> = {
  accepted: 'text-muted',
  pending: 'text-muted',
  scheduled: 'text-muted',
  running: 'text-busy',
  waiting: 'text-warn',
  paused: 'text-warn',
  completed: 'text-good',
  failed: 'text-bad',
  lost: 'text-bad',
  stale: 'text-muted',
  cancelled: 'text-muted',
  skipped: 'text-muted',
};

/** Colour and word: never colour alone. */
export function StatusBadge({ status }: { status: Status }) {
  return (
    <span className={`inline-flex items-center gap-1.5 rounded-full border border-line bg-surface px-2 py-0.5 text-xs font-medium whitespace-nowrap ${COLOURS[status]}`}>
      <span aria-hidden className={`size-2 shrink-0 rounded-full bg-current ${status === 'running' ? 'animate-pulse' : ''}`} />
      {status}
    </span>
  );
}
