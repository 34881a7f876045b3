import { useQuery } from '@tanstack/react-query';
import type { Page, Queue } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { whole } from '../../formatting/numbers.js';
import { Loaded } from '../../parts/loading.js';
import { Table, type Column } from '../../parts/table.js';

const number = (value: number | undefined) => (value === undefined ? '–' : whole(value));

const COLUMNS: Column<Queue>[] = [
  { id: 'consumer', head: 'Consumer of stream', cell: (queue) => <span className="font-mono text-xs">{`${queue.consumer} of ${queue.stream}`}</span> },
  { id: 'ready', head: <span title="Calls in their tenants' own lines, before the stream">In line</span>, cell: (queue) => number(queue.ready), right: true },
  { id: 'pending', head: <span title="Messages nobody has taken yet">Waiting</span>, cell: (queue) => number(queue.pending), right: true },
  { id: 'ackPending', head: <span title="Messages that are being worked on">In work</span>, cell: (queue) => number(queue.ackPending), right: true },
  { id: 'sent', head: <span title="Calls dealt to workers and not finished">Dealt</span>, cell: (queue) => number(queue.sent), right: true, wideOnly: true },
  { id: 'redelivered', head: 'Delivered again', cell: (queue) => number(queue.redelivered), right: true, wideOnly: true },
];

/** The durable consumers and how much waits for each: what autoscalers read too. */
export function Queues() {
  const query = useQuery({ queryKey: ['queues'], queryFn: ({ signal }) => getJson<Page<Queue>>('/api/v1/queues', {}, signal), refetchInterval: 2_000 });
  return (
    <div className="grid gap-3">
      <Loaded query={query}>{({ items }) => <Table label="Queues" columns={COLUMNS} rows={items} rowKey={(queue) => `${queue.stream}/${queue.consumer}`} />}</Loaded>
      <p className="max-w-prose text-muted">Calls wait in the line of their tenant and are dealt round robin, so that one tenant with ten thousand calls does not stand before another's. The streams stay shallow; a backlog shows as “in line”.</p>
    </div>
  );
}
