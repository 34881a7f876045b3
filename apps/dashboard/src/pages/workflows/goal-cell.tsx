import { Link } from '@tanstack/react-router';
import type { Workflow } from '@trivet/contracts';
import { isTerminal } from '../../formatting/is-terminal.js';
import { compact, usd } from '../../formatting/numbers.js';
import { CopyButton } from '../../parts/copy-button.js';
import { Elapsed } from '../../parts/elapsed.js';
import { StatusBadge } from '../../parts/status-badge.js';
import { TimeAgo } from '../../parts/time-ago.js';

/** What was asked for, with its id and what it waits for or failed with. On a phone also what the other columns would say. */
export function GoalCell({ workflow }: { workflow: Workflow }) {
  return (
    <div className="grid min-w-0 grid-cols-1 gap-1">
      <span className="flex items-center justify-between gap-2 sm:hidden">
        <StatusBadge status={workflow.status} />
        <span className="text-xs text-muted">
          <TimeAgo at={workflow.createdAt} />
        </span>
      </span>
      <Link to="/workflows/$workflowId" params={{ workflowId: workflow.workflowId }} search={{}} className="line-clamp-2 min-h-6 py-0.5 font-medium wrap-anywhere hover:underline">
        {workflow.goal}
      </Link>
      <span className="flex min-w-0 items-center gap-2">
        <code className="min-w-0 truncate text-xs text-muted">{workflow.workflowId}</code>
        <CopyButton text={workflow.workflowId} />
      </span>
      <Labels labels={workflow.labels} />
      <Why workflow={workflow} />
      <span className="text-xs text-muted tabular-nums sm:hidden">
        {workflow.steps.done}/{workflow.steps.total} steps · {compact(workflow.budget.usedTokens)} tokens · {usd(workflow.budget.usedNanoUsd)}
      </span>
    </div>
  );
}

/** A press shows only workflows with that label. */
function Labels({ labels }: { labels: Workflow['labels'] }) {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  if (pairs.length === 0) return null;
  return (
    <span className="flex flex-wrap gap-1">
      {pairs.map((label) => (
        <Link key={label} to="/workflows" search={{ label }} className="inline-block min-h-6 max-w-full truncate rounded bg-raised px-1.5 py-1 text-xs text-muted hover:text-ink">
          {label}
        </Link>
      ))}
    </span>
  );
}

function Why({ workflow: { status, waitingFor, waitingSince, failure } }: { workflow: Workflow }) {
  if (failure) return <span className="line-clamp-2 text-bad wrap-anywhere">{`${failure.code}: ${failure.message}`}</span>;
  if (!waitingFor || isTerminal(status)) return null;
  return (
    <span className="text-warn wrap-anywhere">
      {waitingSince && (
        <>
          {status === 'waiting' ? 'Waiting' : 'Queued'} <Elapsed from={waitingSince} to={null} />:{' '}
        </>
      )}
      {waitingFor}
    </span>
  );
}
