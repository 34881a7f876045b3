import type { Event } from '@trivet/contracts';

/** Events in their order, without repeats: older ones come in front, newer ones behind. */
export function withEvents(known: readonly Event[], more: readonly Event[]): readonly Event[] {
  if (more.length === 0) return known;
  const first = known[0]?.seq ?? Infinity;
  const last = known.at(-1)?.seq ?? 0;
  const before = more.filter(({ seq }) => seq < first && known.length > 0);
  const after = more.filter(({ seq }) => seq > last);
  return known.length === 0 ? [...more] : [...before, ...known, ...after];
}

export interface EventFilter {
  types: readonly string[];
  text: string;
}

/** The text an event is searched in; made once for each event. */
const texts = new WeakMap<Event, string>();

function textOf(event: Event): string {
  const known = texts.get(event);
  if (known !== undefined) return known;
  const text = `${event.seq} ${event.type} ${JSON.stringify(event.data)}`.toLowerCase();
  texts.set(event, text);
  return text;
}

/** Events of some types whose text holds every word. */
export function filterEvents(events: readonly Event[], { types, text }: EventFilter): readonly Event[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  if (types.length === 0 && words.length === 0) return events;
  const wanted = new Set(types);
  return events.filter((event) => (wanted.size === 0 || wanted.has(event.type)) && words.every((word) => textOf(event).includes(word)));
}
