import { useQueryClient } from '@tanstack/react-query';
import type { Delta, Event, Page } from '@trivet/contracts';
import { useEffect, useState } from 'react';
import { getJson } from '../../api/http.js';
import { EVENT_TYPES } from './event-types.js';
import { withEvents } from './event-log.js';

const PAGE = 1_000;
/** How long the workflow and its steps are shown as they were while events pour in, in ms. */
const GATHER_MS = 300;

export interface LiveEvents {
  events: readonly Event[];
  /** False while older ones are still read. */
  whole: boolean;
  /** What models say at this moment, by step. */
  saying: ReadonlyMap<string, string>;
}

const NOTHING: LiveEvents = { events: [], whole: false, saying: new Map() };

/**
 * The events of a workflow: its last ones at once, older ones behind them, new ones as they come (the browser resumes the
 * stream where it broke off). What arrives in one frame is shown together. `over`: it has ended, so nothing new comes.
 */
export function useEvents(workflowId: string, over: boolean): LiveEvents {
  const client = useQueryClient();
  const [live, setLive] = useState<LiveEvents>(NOTHING);
  useEffect(() => {
    const stop = new AbortController();
    let source: EventSource | undefined;
    const take = inFrames((events, saying) => {
      setLive((before) => ({ ...before, events: withEvents(before.events, events), saying: saying ?? before.saying }));
    });
    const refresh = gathered(() => {
      void client.invalidateQueries({ queryKey: ['workflow', workflowId] });
    });
    const start = async () => {
      const path = `/api/v1/workflows/${workflowId}/events`;
      const tail = (await getJson<Page<Event>>(path, { tail: PAGE }, stop.signal)).items;
      take.events(tail);
      if (!over) source = follow(workflowId, tail.at(-1)?.seq ?? 0, { onEvent: (event) => (take.events([event]), refresh()), onDelta: take.delta });
      for (let first = tail[0]?.seq ?? 1; first > 1; ) {
        const older = (await getJson<Page<Event>>(path, { tail: PAGE, before: first }, stop.signal)).items;
        take.events(older);
        first = older[0]?.seq ?? 1;
      }
      setLive((before) => ({ ...before, whole: true }));
    };
    start().catch(() => undefined);
    return () => {
      stop.abort();
      source?.close();
    };
  }, [client, workflowId, over]);
  return live;
}

function follow(workflowId: string, after: number, told: { onEvent: (event: Event) => void; onDelta: (delta: Delta) => void }): EventSource {
  const source = new EventSource(`/api/v1/workflows/${workflowId}/stream?after=${after}`);
  const onEvent = ({ data }: MessageEvent<string>) => {
    const event: Event = JSON.parse(data);
    told.onEvent(event);
    // The server has nothing more to say; without this the browser would come back for ever.
    if (/^workflow\.(completed|failed|cancelled)$/.test(event.type)) source.close();
  };
  for (const type of EVENT_TYPES) source.addEventListener(type, onEvent);
  source.addEventListener('delta', ({ data }: MessageEvent<string>) => told.onDelta(JSON.parse(data)));
  return source;
}

/** Hands over what came since the last frame, once a frame. */
function inFrames(show: (events: Event[], saying: ReadonlyMap<string, string> | undefined) => void) {
  let events: Event[] = [];
  const saying = new Map<string, string>();
  let changed = false;
  let frame = 0;
  const flush = () => {
    frame = 0;
    show(events, changed ? new Map(saying) : undefined);
    events = [];
    changed = false;
  };
  const soon = () => (frame ||= requestAnimationFrame(flush));
  return {
    events: (more: readonly Event[]) => {
      events.push(...more);
      soon();
    },
    delta: ({ stepId, text, restarted, index }: Delta) => {
      saying.set(stepId, restarted || index === 0 ? text : `${saying.get(stepId) ?? ''}${text}`);
      changed = true;
      soon();
    },
  };
}

function gathered(work: () => void): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return () => {
    timer ??= setTimeout(() => {
      timer = undefined;
      work();
    }, GATHER_MS);
  };
}
