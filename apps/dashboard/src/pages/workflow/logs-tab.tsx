import type { Workflow } from '@trivet/contracts';
import { count } from '../../formatting/numbers.js';
import { EmptyState } from '../../parts/empty-state.js';
import { SelectField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { LEVELS, linesOf, type Line } from './log-lines.js';
import { useTrace } from './use-trace.js';

const LOOKS: Record<string, string> = { error: 'text-bad', warn: 'text-warn' };

/** What the services logged about this workflow: lines written inside its spans, and spans that failed. */
export function LogsTab({ workflow }: { workflow: Workflow }) {
  const query = useTrace(workflow);
  const [filters, change] = useFilters();
  const least = Math.max(0, LEVELS.indexOf(one(filters['level']) || 'debug'));
  return (
    <div className="grid gap-3">
      <div className="max-w-xs">
        <SelectField label="From level" value={LEVELS[least] ?? 'debug'} onChange={(level) => change({ level })} options={LEVELS.map((level) => ({ value: level, label: level }))} />
      </div>
      <Loaded query={query}>
        {({ items }) => {
          const all = items.flatMap((span) => linesOf(span));
          const lines = all.filter(({ level }) => LEVELS.indexOf(level) >= least).toSorted((left, right) => left.at - right.at);
          if (lines.length > 0) return <Lines lines={lines} />;
          return all.length > 0 ? <EmptyState title={`Nothing at this level; ${count(all.length, 'line')} below it.`} /> : <NoLines workflowId={workflow.workflowId} />;
        }}
      </Loaded>
    </div>
  );
}

const NoLines = ({ workflowId }: { workflowId: string }) => (
  <EmptyState title="Nothing was logged within its spans, and none of them failed.">
    <p className="text-muted">
      The services' own logs name the workflow on each line: look there for <code>{workflowId}</code>, with TRIVET_LOG_LEVEL=debug for more of them.
    </p>
  </EmptyState>
);

function Lines({ lines }: { lines: Line[] }) {
  return (
    <ol aria-label="Log" className="overflow-hidden rounded-lg border border-line bg-surface font-mono text-xs">
      {lines.map((line) => (
        <li key={line.key} className="flex flex-wrap gap-x-3 border-b border-line px-3 py-1 last:border-0">
          <time className="text-muted">{new Date(line.at).toISOString().slice(11, 23)}</time>
          <span className={`w-10 ${LOOKS[line.level] ?? 'text-muted'}`}>{line.level}</span>
          <span className="text-muted">{line.service}</span>
          <span className="min-w-0 flex-1">{line.message}</span>
        </li>
      ))}
    </ol>
  );
}
