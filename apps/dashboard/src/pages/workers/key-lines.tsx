import { useQuery } from '@tanstack/react-query';
import type { KeyQueue, Page } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { whole } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';
import { CodeBlock } from '../../parts/code-block.js';
import { EmptyState } from '../../parts/empty-state.js';
import { Loaded } from '../../parts/loading.js';
import { Table, type Column } from '../../parts/table.js';

const COLUMNS: Column<KeyQueue>[] = [
  { id: 'tenant', head: 'Tenant', cell: (line) => line.tenant },
  { id: 'key', head: 'Key', cell: (line) => (line.key === null ? <span className="text-muted">without a key</span> : <span className="font-mono text-xs">{line.key}</span>) },
  { id: 'queued', head: 'Queued', cell: (line) => whole(line.queued), right: true },
  { id: 'running', head: 'Running', cell: (line) => `${whole(line.running)}${line.maxRunning === null ? '' : ` of ${whole(line.maxRunning)}`}`, right: true },
  { id: 'retrying', head: 'Retrying', cell: (line) => whole(line.retrying), right: true },
  { id: 'rate', head: 'Starts left', cell: (line) => (line.rate === null ? '–' : `${line.rate.left} of ${line.rate.starts} in ${duration(line.rate.perMs)}`), right: true, wideOnly: true },
  { id: 'oldest', head: 'Oldest waits', cell: (line) => (line.oldestQueuedMs === null ? '–' : duration(line.oldestQueuedMs)), right: true },
];

/** What of each concurrency key waits, runs and is tried again. */
export function KeyLines() {
  const query = useQuery({ queryKey: ['queues', 'keys'], queryFn: ({ signal }) => getJson<Page<KeyQueue>>('/api/v1/queues/keys', {}, signal), refetchInterval: 3_000 });
  return (
    <Loaded query={query}>
      {({ items }) =>
        items.length > 0 ? (
          <Table label="Lines by key" columns={COLUMNS} rows={items} rowKey={(line) => `${line.tenant}/${line.key ?? ''}`} />
        ) : (
          <EmptyState title="Nothing runs or waits.">
            <p className="text-muted">Workflows with the same concurrencyKey run one after the other, or as many at once as the tenant's policy says:</p>
            <CodeBlock label="A task with a key" text={`curl -s '${location.origin}/api/v1/tasks' -H 'content-type: application/json' \\\n  -d '{"goal":"Analyse Nimbus Robotics","template":"research","concurrencyKey":"customer-42"}'`} />
          </EmptyState>
        )
      }
    </Loaded>
  );
}
