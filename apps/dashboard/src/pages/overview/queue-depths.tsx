import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Page, Queue } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { whole } from '../../formatting/numbers.js';
import { Loaded } from '../../parts/loading.js';

/** What each queue is for, in a word that people know. */
const NAMES: Record<string, string> = { 'TASKS orchestrator': 'Tasks', 'CALLS executor': 'Tool calls', 'CALLS model': 'Model calls', 'RESULTS orchestrator': 'Results' };

/** How much waits in each queue and how much is worked on. */
export function QueueDepths() {
  const query = useQuery({ queryKey: ['queues'], queryFn: ({ signal }) => getJson<Page<Queue>>('/api/v1/queues', {}, signal), refetchInterval: 5_000 });
  return (
    <Loaded query={query}>
      {({ items }) => (
        <ul className="grid gap-2">
          {items.map((queue) => (
            <li key={`${queue.stream} ${queue.consumer}`} className="flex flex-wrap items-baseline justify-between gap-x-3">
              <Link to="/workers" search={{ tab: 'queues' }} title={`${queue.stream}, read by ${queue.consumer}`} className="py-0.5 font-medium hover:underline">
                {NAMES[`${queue.stream} ${queue.consumer}`] ?? `${queue.stream}, ${queue.consumer}`}
              </Link>
              <span className="text-muted tabular-nums">
                {whole(queue.pending + (queue.ready ?? 0))} waiting, {whole(queue.ackPending)} in work
              </span>
            </li>
          ))}
        </ul>
      )}
    </Loaded>
  );
}
