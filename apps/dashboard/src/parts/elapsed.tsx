import { duration, tookMs } from '../formatting/times.js';
import { useNow } from './use-now.js';

/** How long something took, or has taken until now; it counts on while it runs. */
export function Elapsed({ from, to }: { from: string | null; to: string | null }) {
  const ms = tookMs(from, to, useNow());
  return <span className="whitespace-nowrap tabular-nums">{ms === undefined ? '–' : duration(ms)}</span>;
}
