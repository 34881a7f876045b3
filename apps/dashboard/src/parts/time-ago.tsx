import { relative } from '../formatting/times.js';
import { useNow } from './use-now.js';

/** `12 s ago`, with the exact time in ISO 8601 behind it. */
export function TimeAgo({ at }: { at: string | number | null | undefined }) {
  const now = useNow();
  if (at === null || at === undefined) return <span className="text-muted">–</span>;
  const date = new Date(at);
  return (
    <time dateTime={date.toISOString()} title={date.toISOString()} className="whitespace-nowrap">
      {relative(date.getTime(), now)}
    </time>
  );
}
