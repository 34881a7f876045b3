import { Link } from '@tanstack/react-router';
import type { Overview } from '@trivet/contracts';

const SERVICES = ['orchestrator', 'executor', 'model'] as const;
const LACK: Record<(typeof SERVICES)[number], string> = { orchestrator: 'nothing moves forward', executor: 'tools and code wait', model: 'model calls wait' };

/** How many processes of each service there are, and of which version. */
export function ServiceList({ services }: { services: Overview['services'] }) {
  return (
    <ul className="grid gap-2">
      {SERVICES.map((service) => {
        const running = services.filter((one) => one.service === service && one.instances > 0);
        const instances = running.reduce((sum, one) => sum + one.instances, 0);
        const versions = [...new Set(running.map(({ version }) => version))].join(', ');
        return (
          <li key={service} className="flex flex-wrap items-baseline justify-between gap-x-3">
            <Link to="/workers" search={{}} className="py-0.5 font-medium hover:underline">
              {service}
            </Link>
            <span className={instances === 0 ? 'text-bad' : 'text-muted tabular-nums'}>{instances === 0 ? `nobody runs: ${LACK[service]}` : `${instances} running, ${versions}`}</span>
          </li>
        );
      })}
    </ul>
  );
}
