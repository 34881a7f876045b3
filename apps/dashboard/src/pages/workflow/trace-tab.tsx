import type { TraceSpan, Workflow } from '@trivet/contracts';
import { useState } from 'react';
import { count } from '../../formatting/numbers.js';
import { duration } from '../../formatting/times.js';
import { CopyButton } from '../../parts/copy-button.js';
import { EmptyState } from '../../parts/empty-state.js';
import { KeyValues } from '../../parts/key-values.js';
import { Loaded } from '../../parts/loading.js';
import { againAfter, traceTree } from './trace-tree.js';
import { useTrace } from './use-trace.js';

const SERVICES: Record<string, string> = { orchestrator: 'bg-accent', executor: 'bg-busy', model: 'bg-warn' };

/** One trace over all services as a waterfall: which of them took the time. */
export function TraceTab({ workflow }: { workflow: Workflow }) {
  const query = useTrace(workflow);
  return <Loaded query={query}>{({ items }) => (items.length === 0 ? <NoSpans /> : <Waterfall spans={items} traceId={workflow.traceId} />)}</Loaded>;
}

const NoSpans = () => (
  <EmptyState title="No spans are kept any more.">
    <p className="text-muted">The built-in view keeps the last hour. For longer, send them to a collector: OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318</p>
  </EmptyState>
);

function Waterfall({ spans, traceId }: { spans: TraceSpan[]; traceId: string | null }) {
  const [open, setOpen] = useState<string>();
  const rows = traceTree(spans);
  const from = Math.min(...spans.map(({ startedAt }) => startedAt));
  const to = Math.max(...spans.map(({ startedAt, durationMs }) => startedAt + durationMs), from + 0.001);
  const share = (value: number) => (value / (to - from)) * 100;
  return (
    <div className="grid gap-3">
      <p className="flex flex-wrap items-center gap-4 text-xs text-muted">
        <span>
          {count(spans.length, 'span')} in {duration(to - from)}
        </span>
        {traceId && (
          <span className="flex items-center gap-2">
            trace <code>{traceId}</code> <CopyButton text={traceId} />
          </span>
        )}
        {Object.entries(SERVICES).map(([service, look]) => (
          <span key={service} className="flex items-center gap-1.5">
            <span aria-hidden className={`h-2 w-4 rounded ${look}`} /> {service}
          </span>
        ))}
      </p>
      <ol aria-label="Trace" className="overflow-hidden rounded-lg border border-line bg-surface">
        {rows.map(({ span, depth }) => (
          <li key={span.spanId} className="border-b border-line last:border-0">
            <button type="button" aria-expanded={open === span.spanId} onClick={() => setOpen(open === span.spanId ? undefined : span.spanId)} className="grid min-h-7 w-full items-center gap-x-3 px-3 py-1 text-left hover:bg-raised sm:grid-cols-[20rem_1fr_5rem]">
              <span className={`truncate text-xs ${span.status === 'error' ? 'text-bad' : ''}`} style={{ paddingLeft: `${depth * 12}px` }}>
                {span.status === 'error' ? '✗ ' : ''}
                {span.name} <span className="text-muted">{span.service}</span>
                {span.links && <span className="text-warn"> again</span>}
              </span>
              <span className="relative block h-3 rounded bg-raised">
                <span className={`absolute inset-y-0 min-w-0.5 rounded ${SERVICES[span.service] ?? 'bg-muted'}`} style={{ left: `${share(span.startedAt - from)}%`, width: `${Math.max(0.2, share(span.durationMs))}%` }} />
              </span>
              <span className="text-xs text-muted tabular-nums sm:text-right">{span.durationMs < 1 ? '< 1 ms' : duration(span.durationMs)}</span>
            </button>
            {open === span.spanId && <SpanDetail span={span} again={againAfter(span, spans)} />}
          </li>
        ))}
      </ol>
    </div>
  );
}

function SpanDetail({ span, again }: { span: TraceSpan; again: string | undefined }) {
  return (
    <div className="grid gap-2 bg-page p-3 text-xs">
      <KeyValues pairs={[...Object.entries(span.attributes).map(([name, value]): [string, string] => [name, String(value)]), ['span', span.spanId]]} />
      {span.events?.map((event, index) => (
        <p key={index}>
          <span className="text-muted tabular-nums">+{duration(event.at - span.startedAt)}</span> {event.name} {Object.values(event.attributes).join(' ')}
        </p>
      ))}
      {again && <p className="text-muted">{again}</p>}
    </div>
  );
}
