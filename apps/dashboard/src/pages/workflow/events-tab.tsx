import { useVirtualizer } from '@tanstack/react-virtual';
import type { Event } from '@trivet/contracts';
import { useDeferredValue, useEffect, useMemo, useRef, useState } from 'react';
import { whole } from '../../formatting/numbers.js';
import { EmptyState } from '../../parts/empty-state.js';
import { TextField } from '../../parts/fields.js';
import { all, one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { filterEvents } from './event-log.js';
import type { LiveEvents } from './use-events.js';

const ROW_PX = 30;

/** Every event, from the end; only those in sight are drawn, so that twenty thousand filter at once. */
export function EventsTab({ live }: { workflowId: string; live: LiveEvents }) {
  const [filters, change] = useFilters();
  const [text, setText] = useState(one(filters['find']));
  const types = all(filters['type']).filter(Boolean);
  const wanted = useDeferredValue(text);
  const shown = useMemo(() => filterEvents(live.events, { types, text: wanted }), [live.events, wanted, types.join(' ')]);
  const known = useMemo(() => countTypes(live.events), [live.events]);
  const toggle = (type: string) => change({ type: types.includes(type) ? types.filter((other) => other !== type) : [...types, type] });
  const find = (value: string) => {
    setText(value);
    change({ find: value });
  };
  return (
    <div className="grid gap-3">
      <TextField label="Find in events" type="search" value={text} onChange={find} />
      <div role="group" aria-label="Types" className="flex flex-wrap gap-1">
        {known.map(([type, count]) => (
          <button key={type} type="button" aria-pressed={types.includes(type)} onClick={() => toggle(type)} className={`rounded-full border px-2 py-0.5 text-xs ${types.includes(type) ? 'border-accent bg-accent text-on-accent' : 'border-line bg-surface text-muted hover:bg-raised'}`}>
            {type} {whole(count)}
          </button>
        ))}
      </div>
      <p role="status" className="text-xs text-muted">
        {whole(shown.length)} of {whole(live.events.length)} events{live.whole ? '' : ', reading older ones …'}
      </p>
      {shown.length === 0 ? <EmptyState title="No event matches." /> : <EventRows events={shown} />}
    </div>
  );
}

function countTypes(events: readonly Event[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts];
}

function EventRows({ events }: { events: readonly Event[] }) {
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<number>();
  const rows = useVirtualizer({ count: events.length, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: 12 });
  const follow = useRef(true);
  useEffect(() => {
    if (follow.current && events.length > 0) rows.scrollToIndex(events.length - 1, { align: 'end' });
  }, [events.length, rows]);
  const onScroll = () => {
    const element = box.current;
    if (element) follow.current = element.scrollTop + element.clientHeight >= element.scrollHeight - ROW_PX;
  };
  return (
    <div ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label="Events" className="h-[60vh] overflow-auto rounded-lg border border-line bg-surface">
      <div className="relative w-full" style={{ height: `${rows.getTotalSize()}px` }}>
        {rows.getVirtualItems().map((item) => {
          const event = events[item.index];
          if (!event) return null;
          return (
            <div key={event.seq} ref={rows.measureElement} data-index={item.index} className="absolute inset-x-0 border-b border-line" style={{ transform: `translateY(${item.start}px)` }}>
              <button type="button" aria-expanded={open === event.seq} onClick={() => setOpen(open === event.seq ? undefined : event.seq)} className="flex w-full items-baseline gap-3 px-3 py-1 text-left hover:bg-raised">
                <span className="w-12 shrink-0 text-right text-xs text-muted tabular-nums">{event.seq}</span>
                <span className="w-36 shrink-0 truncate font-mono text-xs">{event.type}</span>
                <span className="hidden shrink-0 text-xs text-muted sm:inline">{event.at.slice(11, 23)}</span>
                <span className="truncate text-xs text-muted">{summaryOf(event)}</span>
              </button>
              {open === event.seq && <pre className="px-3 pb-2 font-mono text-xs wrap-anywhere whitespace-pre-wrap">{JSON.stringify(event, null, 2)}</pre>}
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** What a row says of its event: the step, and the reason or failure. */
function summaryOf({ data }: Event): string {
  const failure = data['failure'];
  const said = typeof failure === 'object' && failure !== null && 'message' in failure ? String(failure.message) : (data['reason'] ?? data['question'] ?? data['name'] ?? '');
  return [data['stepId'], said].filter(Boolean).map(String).join(': ');
}
