import type { Workflow } from '@trivet/contracts';
import { compact, usd } from '../../formatting/numbers.js';
import { Elapsed } from '../../parts/elapsed.js';
import { Meter } from '../../parts/meter.js';
import { StatusBadge } from '../../parts/status-badge.js';
import type { Column } from '../../parts/table.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { GoalCell } from './goal-cell.js';
import { RowActions } from './row-actions.js';
import { StepsBar } from './steps-bar.js';

interface Choice {
  chosen: ReadonlySet<string>;
  toggle: (id: string) => void;
  all: readonly Workflow[];
  setAll: (on: boolean) => void;
}

/** The columns of the list; without a choice (a role that only reads) there is nothing to choose or do. */
export function columnsOf(choice: Choice | undefined): Column<Workflow>[] {
  return [
    ...(choice ? [chooser(choice)] : []),
    { id: 'status', head: 'Status', cell: ({ status }) => <StatusBadge status={status} />, wideOnly: true, width: 'w-30' },
    { id: 'goal', head: 'Goal', cell: (workflow) => <GoalCell workflow={workflow} /> },
    { id: 'template', head: 'Template', cell: ({ template }) => <span className="wrap-anywhere">{template ?? <span className="text-muted">own plan</span>}</span>, wideOnly: true, width: 'w-26' },
    { id: 'steps', head: 'Steps', cell: (workflow) => <StepsBar workflow={workflow} />, wideOnly: true, width: 'w-20' },
    { id: 'tokens', head: 'Tokens, cost', cell: (workflow) => <Spent workflow={workflow} />, right: true, wideOnly: true, width: 'w-40' },
    { id: 'started', head: 'Submitted, took', cell: (workflow) => <When workflow={workflow} />, right: true, wideOnly: true, width: 'w-32' },
    ...(choice ? [{ id: 'actions', head: <span className="sr-only">Actions</span>, cell: (workflow: Workflow) => <RowActions workflow={workflow} />, wideOnly: true, width: 'w-28' }] : []),
  ];
}

const chooser = ({ chosen, toggle, all, setAll }: Choice): Column<Workflow> => ({
  id: 'choose',
  head: <input type="checkbox" aria-label="Choose all that are shown" checked={all.length > 0 && all.every(({ workflowId }) => chosen.has(workflowId))} onChange={(event) => setAll(event.target.checked)} className="size-4" />,
  cell: ({ workflowId }) => <input type="checkbox" aria-label={`Choose ${workflowId}`} checked={chosen.has(workflowId)} onChange={() => toggle(workflowId)} className="mt-1 size-4" />,
  width: 'w-10',
});

const Spent = ({ workflow: { budget, workflowId } }: { workflow: Workflow }) => (
  <div className="grid gap-1">
    <Meter label={`Tokens of ${workflowId}`} used={budget.usedTokens} held={budget.heldTokens} limit={budget.limitTokens} format={compact} />
    <span className="text-xs text-muted">{usd(budget.usedNanoUsd)}</span>
  </div>
);

const When = ({ workflow: { createdAt, finishedAt } }: { workflow: Workflow }) => (
  <div className="grid gap-1">
    <TimeAgo at={createdAt} />
    <span className="text-xs text-muted">
      <Elapsed from={createdAt} to={finishedAt} />
    </span>
  </div>
);
