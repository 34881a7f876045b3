import { useQuery } from '@tanstack/react-query';
import type { WorkflowCounts } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { count } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { CodeBlock } from '../../parts/code-block.js';
import { EmptyState } from '../../parts/empty-state.js';
import type { Search } from '../../search.js';
import { FILTERS, isFiltered } from './list-query.js';

/** Nothing was ever submitted: a line that works. Or the filters hide what there is: how much, and a way back. */
export function NothingHere({ filters, onClear }: { filters: Search; onClear: (names: readonly string[]) => void }) {
  const { data } = useQuery({ queryKey: ['workflows', 'counts', {}], queryFn: ({ signal }) => getJson<WorkflowCounts>('/api/v1/workflows/counts', {}, signal) });
  if (isFiltered(filters) && (data?.total ?? 1) > 0) {
    return (
      <EmptyState title={`No workflow matches. ${data ? `${count(data.total, 'workflow')} hidden by the filters.` : ''}`}>
        <Button onClick={() => onClear(FILTERS)}>Clear the filters</Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState title="Nothing was submitted yet.">
      <p className="text-muted">Any system that speaks HTTP or NATS submits a task; this line does:</p>
      <CodeBlock label="A task" text={`curl -s '${location.origin}/api/v1/tasks?wait=30s' -H 'content-type: application/json' \\\n  -d '{"goal":"Analyse Nimbus Robotics","template":"research"}'`} />
    </EmptyState>
  );
}
