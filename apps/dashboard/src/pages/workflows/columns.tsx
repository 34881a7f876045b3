import { Link } from '@tanstack/react-router';
import { isTerminal } from '../../formatting/is-terminal.js';
import type { Workflow } from '@trivet/contracts';
import { compact, usd } from '../../formatting/numbers.js';
import { CopyButton } from '../../parts/copy-button.js';
import { Elapsed } from '../../parts/elapsed.js';
import { Meter } from '../../parts/meter.js';
import { StatusBadge } from '../../parts/status-badge.js';
import type { Column } from '../../parts/table.js';
import { TimeAgo } from '../../parts/time-ago.js';
import { RowActions } from './row-actions.js';

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
    { id: 'status', head: 'Status', cell: (workflow) => <StatusBadge status={workflow.status} /> },
    { id: 'goal', head: 'Goal', cell: (workflow) => <Goal workflow={workflow} /> },
    { id: 'template', head: 'Template', cell: (workflow) => workflow.template ?? <span className="text-muted">own plan</span>, wideOnly: true },
    { id: 'steps', head: 'Steps', cell: ({ steps }) => `${steps.done}/${steps.total}`, right: true, wideOnly: true },
    { id: 'tokens', head: 'Tokens', cell: ({ budget, workflowId }) => <Meter label={`Tokens of ${workflowId}`} used={budget.usedTokens} held={budget.heldTokens} limit={budget.limitTokens} format={compact} />, right: true, wideOnly: true },
    { id: 'cost', head: 'Cost', cell: ({ budget }) => usd(budget.usedNanoUsd), right: true, wideOnly: true },
    { id: 'started', head: 'Submitted', cell: (workflow) => <TimeAgo at={workflow.createdAt} />, wideOnly: true },
    { id: 'took', head: 'Took', cell: (workflow) => <Elapsed from={workflow.createdAt} to={workflow.finishedAt} />, right: true, wideOnly: true },
    ...(choice ? [{ id: 'actions', head: <span className="sr-only">Actions</span>, cell: (workflow: Workflow) => <RowActions workflow={workflow} />, wideOnly: true }] : []),
  ];
}

const chooser = ({ chosen, toggle, all, setAll }: Choice): Column<Workflow> => ({
  id: 'choose',
  head: <input type="checkbox" aria-label="Choose all that are shown" checked={all.length > 0 && all.every(({ workflowId }) => chosen.has(workflowId))} onChange={(event) => setAll(event.target.checked)} />,
  cell: ({ workflowId }) => <input type="checkbox" aria-label={`Choose ${workflowId}`} checked={chosen.has(workflowId)} onChange={() => toggle(workflowId)} />,
});

function Goal({ workflow }: { workflow: Workflow }) {
  const waiting = !isTerminal(workflow.status) && workflow.waitingFor;
  return (
    <div className="grid min-w-40 gap-1">
      <Link to="/workflows/$workflowId" params={{ workflowId: workflow.workflowId }} search={{}} className="line-clamp-2 min-h-6 py-0.5 font-medium hover:underline">
        {workflow.goal}
      </Link>
      <span className="flex items-center gap-2">
        <code className="max-w-40 truncate text-xs text-muted">{workflow.workflowId}</code>
        <CopyButton text={workflow.workflowId} />
      </span>
      {waiting && <span className="text-warn">{waiting}</span>}
      {workflow.failure && <span className="line-clamp-2 text-bad">{`${workflow.failure.code}: ${workflow.failure.message}`}</span>}
    </div>
  );
}
