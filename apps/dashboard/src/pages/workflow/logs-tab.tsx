import type { TraceSpan, Workflow } from '@trivet/contracts';
import { EmptyState } from '../../parts/empty-state.js';
import { SelectField } from '../../parts/fields.js';
import { Loaded } from '../../parts/loading.js';
import { one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { useTrace } from './use-trace.js';

const LEVELS = ['debug', 'info', 'warn', 'error'];
const LOOKS: Record<string, string> = { error: 'text-bad', warn: 'text-warn' };

interface Line {
  key: string;
  at: number;
  level: string;
  service: string;
  message: string;
}

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
          const lines = items.flatMap(linesOf).filter(({ level }) => LEVELS.indexOf(level) >= least).toSorted((left, right) => left.at - right.at);
          return lines.length === 0 ? <EmptyState title="Nothing was logged about it at this level. The services' own logs carry its id on each line." /> : <Lines lines={lines} />;
        }}
      </Loaded>
    </div>
  );
}

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

function linesOf(span: TraceSpan): Line[] {
  const failed: Line[] = span.status === 'error' ? [{ key: span.spanId, at: span.startedAt + span.durationMs, level: 'error', service: span.service, message: `${span.name} failed${span.attributes['error.type'] ? `: ${String(span.attributes['error.type'])}` : ''}` }] : [];
  return failed;
}
