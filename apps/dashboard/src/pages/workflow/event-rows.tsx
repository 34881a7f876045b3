import { useVirtualizer } from '@tanstack/react-virtual';
import type { Event } from '@trivet/contracts';
import { useEffect, useRef, useState } from 'react';

const ROW_PX = 30;

interface EventRowsProps {
  events: readonly Event[];
  /** Whether the end is kept in sight while more come. */
  following: boolean;
  onFollow: (following: boolean) => void;
}

/** Events as rows that open on a press; only those in sight are in the page. Scrolling away from the end stops following it. */
export function EventRows({ events, following, onFollow }: EventRowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<number>();
  const rows = useVirtualizer({ count: events.length, getScrollElement: () => box.current, estimateSize: () => ROW_PX, overscan: 12 });
  useEffect(() => {
    if (following && events.length > 0) rows.scrollToIndex(events.length - 1, { align: 'end' });
  }, [events, following, rows]);
  const top = useRef(0);
  const onScroll = () => {
    const element = box.current;
    if (!element) return;
    const upwards = element.scrollTop < top.current;
    top.current = element.scrollTop;
    const atEnd = element.scrollTop + element.clientHeight >= element.scrollHeight - ROW_PX;
    // The list itself only ever scrolls downwards, to its end.
    if (atEnd || upwards) onFollow(atEnd);
  };
  return (
    <div ref={box} onScroll={onScroll} tabIndex={0} role="region" aria-label="Events" className="h-[60vh] overflow-auto rounded-lg border border-line bg-surface">
      <div className="relative w-full" style={{ height: `${rows.getTotalSize()}px` }}>
        {rows.getVirtualItems().map((item) => {
          const event = events[item.index];
          if (!event) return null;
          return (
            <div key={event.seq} ref={rows.measureElement} data-index={item.index} className="absolute inset-x-0 border-b border-line" style={{ transform: `translateY(${item.start}px)` }}>
              <EventRow event={event} open={open === event.seq} onTurn={() => setOpen(open === event.seq ? undefined : event.seq)} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

function EventRow({ event, open, onTurn }: { event: Event; open: boolean; onTurn: () => void }) {
  return (
    <>
      <button type="button" aria-expanded={open} onClick={onTurn} className="flex min-h-7 w-full items-center gap-3 px-3 py-1 text-left hover:bg-raised">
        <span className="w-12 shrink-0 text-right text-xs text-muted tabular-nums">{event.seq}</span>
        <span className={`w-40 shrink-0 truncate font-mono text-xs ${lookOf(event)}`}>{event.type}</span>
        <span className="hidden shrink-0 text-xs text-muted tabular-nums sm:inline">{event.at.slice(11, 23)}</span>
        <span className="truncate text-xs text-muted">{summaryOf(event)}</span>
      </button>
      {open && <pre className="px-3 pb-2 font-mono text-xs wrap-anywhere whitespace-pre-wrap">{JSON.stringify(event, null, 2)}</pre>}
    </>
  );
}

const lookOf = ({ type }: Event): string => (/failed|lost|rejected/.test(type) ? 'text-bad' : /completed/.test(type) ? 'text-good' : /retry|approval|paused|cancel/.test(type) ? 'text-warn' : '');

/** What a row says of its event: the step, and the reason or failure. */
function summaryOf({ data }: Event): string {
  const failure = data['failure'];
  const said = typeof failure === 'object' && failure !== null && 'message' in failure ? String(failure.message) : (data['reason'] ?? data['question'] ?? data['name'] ?? '');
  return [data['stepId'], said].filter(Boolean).map(String).join(': ');
}
