import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Overview, Page, Queue } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { whole } from '../../formatting/numbers.js';

const SERVICES = ['orchestrator', 'executor', 'model'] as const;

/** How many processes of each service there are, and how much waits for them. */
export function ServiceCards({ services }: { services: Overview['services'] }) {
  const queues = useQuery({ queryKey: ['queues'], queryFn: ({ signal }) => getJson<Page<Queue>>('/api/v1/queues', {}, signal) });
  return (
    <ul className="grid gap-3 sm:grid-cols-3">
      {SERVICES.map((service) => {
        const running = services.filter((one) => one.service === service);
        const instances = running.reduce((sum, one) => sum + one.instances, 0);
        const waiting = queues.data?.items.filter(({ consumer }) => consumer === service).reduce((sum, queue) => sum + queue.pending + (queue.ready ?? 0), 0);
        return (
          <li key={service} className="grid gap-1 rounded-md border border-line p-3">
            <Link to="/workers" search={{}} className="font-medium hover:underline">
              {service}
            </Link>
            <span className={instances === 0 ? 'text-bad' : 'text-muted'}>{instances === 0 ? 'nobody runs' : `${instances} running`}</span>
            <span className="text-muted">{[...new Set(running.map(({ version }) => version))].join(', ')}</span>
            {waiting !== undefined && <span className="text-muted">{whole(waiting)} waiting</span>}
          </li>
        );
      })}
    </ul>
  );
}
