/** A stretch of time in ms as `840 ms`, `4.2 s`, `3 min 20 s`, `2 h 5 min`, `3 d 4 h`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${(ms / 1_000).toFixed(ms < 10_000 ? 1 : 0)} s`;
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 60) return `${minutes} min ${Math.floor((ms % 60_000) / 1_000)} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** How long something took, or has taken until now; undefined before it started. Times are ISO 8601. */
export function tookMs(startedAt: string | null | undefined, finishedAt: string | null | undefined, now: number): number | undefined {
  if (!startedAt) return undefined;
  return (finishedAt ? Date.parse(finishedAt) : now) - Date.parse(startedAt);
}

/** `12 s ago`, `in 3 min`: the largest unit that fits. */
export function relative(at: number, now: number): string {
  const ms = now - at;
  const size = Math.abs(ms);
  const text = size < 1_000 ? 'now' : largestUnit(size);
  if (text === 'now') return text;
  return ms >= 0 ? `${text} ago` : `in ${text}`;
}

const UNITS: [number, string][] = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
];

function largestUnit(ms: number): string {
  const [size, unit] = UNITS.find(([least]) => ms >= least) ?? [1_000, 's'];
  return `${Math.floor(ms / size)} ${unit}`;
}
