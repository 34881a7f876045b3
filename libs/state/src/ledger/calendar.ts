/** Days and months of a time zone around a moment, as windows.lua.ts reads them. */
export interface Calendar {
  text: string;
  /** It is good for moments from here … */
  fromMs: number;
  /** … to before here: the day it is made around. */
  untilMs: number;
}

const DAY_MS = 86_400_000;
/** No zone is further from UTC. */
const FURTHEST_MS = 15 * 3_600_000;

/**
 * The day before a moment, its own and the next, and the same of months: enough for any clock that is off by less than
 * a day. Where a day begins is searched for in the zone's own dates, so that changes of clocks at midnight, and of whole
 * days, come out right.
 */
export function calendarOf(zone: string, atMs: number): Calendar {
  const dateAt = datesOf(zone);
  const today = dateAt(atMs);
  const days = [-1, 0, 1].map((offset) => dayAfter(today, offset));
  const months = [-1, 0, 1].map((offset) => monthAfter(today.slice(0, 7), offset));
  const dayEnds = days.map((day) => startOf(dateAt, dayAfter(day, 1)));
  const monthEnds = months.map((month) => startOf(dateAt, `${monthAfter(month, 1)}-01`));
  const list = (ids: readonly string[], endsMs: readonly number[]): string => ids.map((id, index) => `${id}@${(endsMs[index] ?? 0) / 1_000}`).join(',');
  return { text: `day=${list(days, dayEnds)};month=${list(months, monthEnds)}`, fromMs: dayEnds[0] ?? atMs, untilMs: dayEnds[1] ?? atMs };
}

/** YYYY-MM-DD of a moment in a zone. */
function datesOf(zone: string): (atMs: number) => string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' });
  return (atMs) => format.format(atMs);
}

/** The first second whose date is this one, or a later one where the zone leaves it out. */
function startOf(dateAt: (atMs: number) => string, date: string): number {
  let low = (Date.parse(`${date}T00:00:00Z`) - FURTHEST_MS) / 1_000;
  let high = low + (2 * FURTHEST_MS) / 1_000;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (dateAt(middle * 1_000) >= date) high = middle;
    else low = middle + 1;
  }
  return low * 1_000;
}

const dayAfter = (date: string, days: number): string => new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10);

function monthAfter(month: string, months: number): string {
  const [year = 1970, number = 1] = month.split('-').map(Number);
  return new Date(Date.UTC(year, number - 1 + months, 1)).toISOString().slice(0, 7);
}
