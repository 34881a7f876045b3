import { useQuery } from '@tanstack/react-query';
import type { Page, Service, Worker } from '@trivet/contracts';
import { getJson } from '../../api/http.js';
import { Loaded } from '../../parts/loading.js';
import { Meter } from '../../parts/meter.js';
import { CodeBlock } from '../../parts/code-block.js';
import { Table, type Column } from '../../parts/table.js';
import { TimeAgo } from '../../parts/time-ago.js';

const COLUMNS: Column<Worker>[] = [
  { id: 'id', head: 'Process', cell: (worker) => <span className="font-mono text-xs">{worker.id}</span> },
  { id: 'busy', head: 'Busy', cell: (worker) => (worker.slots > 0 ? <Meter label={`Slots of ${worker.id}`} used={worker.inFlight} held={0} limit={worker.slots} format={String} /> : `${worker.inFlight} in flight`) },
  { id: 'state', head: 'State', cell: (worker) => (worker.draining ? <span className="text-warn">draining: takes nothing new</span> : <span className="text-good">working</span>) },
  { id: 'since', head: 'Started', cell: (worker) => <TimeAgo at={worker.startedAt} /> },
  { id: 'version', head: 'Version', cell: (worker) => worker.version, wideOnly: true },
  { id: 'host', head: 'Host and pid', cell: (worker) => `${worker.host} · ${worker.pid}`, wideOnly: true },
];

const SERVICES: { service: Service; does: string; start: string }[] = [
  { service: 'orchestrator', does: 'plans and commands', start: 'docker compose up -d orchestrator' },
  { service: 'executor', does: 'runs tools in the sandbox', start: 'docker compose up -d --scale executor=2' },
  { service: 'model', does: 'speaks to the model vendors', start: 'docker compose up -d --scale model=1' },
];

/** The live processes, by service; a service nobody runs says what to do about it. A dead process is gone within a second. */
export function WorkerList() {
  const query = useQuery({ queryKey: ['workers'], queryFn: ({ signal }) => getJson<Page<Worker>>('/api/v1/workers', {}, signal), refetchInterval: 2_000 });
  return (
    <Loaded query={query}>
      {({ items }) => (
        <div className="grid gap-6">
          {SERVICES.map(({ service, does, start }) => (
            <OneService key={service} service={service} does={does} start={start} workers={items.filter((worker) => worker.service === service)} />
          ))}
        </div>
      )}
    </Loaded>
  );
}

function OneService({ service, does, start, workers }: { service: Service; does: string; start: string; workers: Worker[] }) {
  return (
    <section className="grid gap-2">
      <h2 className="font-semibold">
        {service} <span className="font-normal text-muted">{does}</span>
      </h2>
      {workers.length > 0 ? (
        <Table label={`Processes of ${service}`} columns={COLUMNS} rows={workers} rowKey={(worker) => worker.id} />
      ) : (
        <div className="grid gap-2 rounded-lg border border-dashed border-warn bg-surface p-4">
          <p className="text-warn">No {service} is running: work for it waits in line and goes on when one is. `npm start` restarts it by itself; with compose:</p>
          <CodeBlock label={`Start ${service}`} text={start} />
        </div>
      )}
    </section>
  );
}
