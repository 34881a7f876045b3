import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { Page, Worker } from '@trivet/contracts';
import { getJson } from '../api/http.js';
import { sentenceOf } from '../api/problem.js';
import { Dialog } from '../parts/dialog.js';
import { KeyValues } from '../parts/key-values.js';

const SERVICES = ['orchestrator', 'executor', 'model'] as const;

interface Ready {
  checks?: Record<string, unknown>;
}

/** Whether the stack works, in a word and a colour; what it stands on when asked. */
export function HealthDot({ live }: { live: boolean }) {
  const [open, setOpen] = useState(false);
  const workers = useQuery({ queryKey: ['workers'], queryFn: ({ signal }) => getJson<Page<Worker>>('/api/v1/workers', {}, signal), refetchInterval: 5_000 });
  const ready = useQuery({ queryKey: ['ready'], queryFn: ({ signal }) => getJson<Ready>('/readyz', {}, signal), refetchInterval: 5_000 });
  const missing = SERVICES.filter((service) => !workers.data?.items.some((worker) => worker.service === service));
  const state = workers.error || ready.error ? 'unreachable' : workers.data && missing.length > 0 ? `no ${missing.join(', no ')}` : 'healthy';
  const colour = state === 'healthy' ? 'bg-good' : state === 'unreachable' ? 'bg-bad' : 'bg-warn';
  return (
    <>
      <button type="button" onClick={() => setOpen(true)} aria-label={`Health: ${state}`} className="flex items-center gap-2 rounded-md px-2 py-1 text-muted hover:bg-raised">
        <span aria-hidden className={`size-2.5 shrink-0 rounded-full ${colour}`} />
        <span className="hidden sm:inline">{state}</span>
      </button>
      {open && (
        <Dialog title={`Health: ${state}`} onClose={() => setOpen(false)}>
          <KeyValues
            pairs={[
              ['Ready', ready.error ? sentenceOf(ready.error) : 'NATS, Redis and the bundled tools answer'],
              ['Live stream', live ? 'connected' : 'not connected: pages ask again every few seconds'],
              ...SERVICES.map((service): [string, string] => [service, `${workers.data?.items.filter((worker) => worker.service === service).length ?? 0} running`]),
            ]}
          />
        </Dialog>
      )}
    </>
  );
}
