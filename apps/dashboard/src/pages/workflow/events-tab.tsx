import type { Event } from '@trivet/contracts';
import { useDeferredValue, useMemo, useState } from 'react';
import { whole } from '../../formatting/numbers.js';
import { Button } from '../../parts/button.js';
import { EmptyState } from '../../parts/empty-state.js';
import { TextField } from '../../parts/fields.js';
import { all, one } from '../../search.js';
import { useFilters } from '../../use-filters.js';
import { filterEvents } from './event-log.js';
import { EventRows } from './event-rows.js';
import type { LiveEvents } from './use-events.js';

/** Every event, from the end; only those in sight are drawn, so that twenty thousand filter at once. */
export function EventsTab({ live }: { live: LiveEvents }) {
  const [filters, change] = useFilters();
  const [text, setText] = useState(one(filters['find']));
  const [following, setFollowing] = useState(true);
  const types = all(filters['type']).filter(Boolean);
  const wanted = useDeferredValue(text);
  const shown = useMemo(() => filterEvents(live.events, { types, text: wanted }), [live.events, wanted, types.join(' ')]);
  const known = useMemo(() => countTypes(live.events), [live.events]);
  const toggle = (type: string) => change({ type: types.includes(type) ? types.filter((other) => other !== type) : [...types, type] });
  const find = (value: string) => {
    setText(value);
    change({ find: value });
  };
  const clear = () => {
    setText('');
    change({ find: undefined, type: undefined });
  };
  return (
    <div className="grid gap-3">
      <TextField label="Find in events" type="search" value={text} onChange={find} />
      <div role="group" aria-label="Types" className="flex flex-wrap gap-1">
        {known.map(([type, count]) => (
          <button key={type} type="button" aria-pressed={types.includes(type)} onClick={() => toggle(type)} className={`min-h-6 rounded-full border px-2 py-0.5 text-xs ${types.includes(type) ? 'border-accent bg-accent text-on-accent' : 'border-line bg-surface text-muted hover:bg-raised'}`}>
            {type} {whole(count)}
          </button>
        ))}
      </div>
      <div className="flex flex-wrap items-center justify-between gap-2">
        <p role="status" className="text-xs text-muted">
          {whole(shown.length)} of {whole(live.events.length)} events{live.whole || live.problem ? '' : ', reading older ones …'}
        </p>
        <Button aria-pressed={following} tone={following ? 'plain' : 'main'} onClick={() => setFollowing(!following)}>
          {following ? 'Following the end' : 'Go to the end and follow'}
        </Button>
      </div>
      {shown.length === 0 ? <NoEvents hidden={live.events.length} onClear={clear} /> : <EventRows events={shown} following={following} onFollow={setFollowing} />}
    </div>
  );
}

function NoEvents({ hidden, onClear }: { hidden: number; onClear: () => void }) {
  if (hidden === 0) return <EmptyState title="No event is read yet; the first one comes when the task is accepted." />;
  return (
    <EmptyState title={`No event matches; ${whole(hidden)} are hidden by the filters.`}>
      <div>
        <Button onClick={onClear}>Clear the filters</Button>
      </div>
    </EmptyState>
  );
}

function countTypes(events: readonly Event[]): [string, number][] {
  const counts = new Map<string, number>();
  for (const { type } of events) counts.set(type, (counts.get(type) ?? 0) + 1);
  return [...counts];
}
