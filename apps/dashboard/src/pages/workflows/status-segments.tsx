import { useQuery } from '@tanstack/react-query';
import type { WorkflowCounts, WorkflowStatus } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { compact } from '../../formatting/numbers.js';
import { all, type Search } from '../../search.js';
import { listQuery } from './list-query.js';

const STATUSES: WorkflowStatus[] = ['running', 'waiting', 'paused', 'accepted', 'completed', 'failed', 'cancelled'];

/** How many there are of each status; a press shows only those, several are shown together. */
export function StatusSegments({ filters, onChange }: { filters: Search; onChange: (changes: Search) => void }) {
  const { status: _, ...search } = listQuery(filters);
  const { data } = useQuery({ queryKey: ['workflows', 'counts', search], queryFn: ({ signal }) => getJson<WorkflowCounts>('/api/v1/workflows/counts', search, signal) });
  const chosen = all(filters['status']).filter(Boolean);
  const toggle = (status: string) => onChange({ status: chosen.includes(status) ? chosen.filter((other) => other !== status) : [...chosen, status] });
  return (
    <div role="group" aria-label="Status" className="flex flex-wrap gap-1">
      <Segment label="all" count={data?.total} more={data?.atLeast} pressed={chosen.length === 0} onPress={() => onChange({ status: undefined })} />
      {STATUSES.map((status) => (
        <Segment key={status} label={status} count={data?.counts[status] ?? (data ? 0 : undefined)} more={data?.atLeast} pressed={chosen.includes(status)} onPress={() => toggle(status)} />
      ))}
    </div>
  );
}

function Segment({ label, count, more, pressed, onPress }: { label: string; count: number | undefined; more: boolean | undefined; pressed: boolean; onPress: () => void }) {
  return (
    <button type="button" aria-pressed={pressed} onClick={onPress} className={`rounded-full border px-3 py-1 ${pressed ? 'border-accent bg-accent text-on-accent' : 'border-line bg-surface text-muted hover:bg-raised'}`}>
      {label} <span className="tabular-nums">{count === undefined ? '' : `${compact(count)}${more ? '+' : ''}`}</span>
    </button>
  );
}
