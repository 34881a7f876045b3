import { percent } from '../formatting/numbers.js';

/** Used and held against a limit, as a bar with its words; without a limit only the words. */
export function Meter({ label, used, held, limit, format }: { label: string; used: number; held: number; limit: number | null; format: (value: number) => string }) {
  if (limit === null) return <span className="tabular-nums">{format(used)}</span>;
  const share = (value: number) => (limit > 0 ? Math.min(100, (value / limit) * 100) : 100);
  const colour = share(used + held) >= 95 ? 'bg-bad' : share(used + held) >= 80 ? 'bg-warn' : 'bg-accent';
  const words = `${format(used)} of ${format(limit)}${held > 0 ? `, ${format(held)} held` : ''} (${percent(used + held, limit)})`;
  return (
    <div className="grid min-w-28 gap-1">
      <div role="meter" aria-label={label} aria-valuemin={0} aria-valuemax={limit} aria-valuenow={Math.min(used, limit)} aria-valuetext={words} className="flex h-1.5 overflow-hidden rounded-full bg-raised">
        <span className={colour} style={{ width: `${share(used)}%` }} />
        <span className={`${colour} opacity-40`} style={{ width: `${Math.min(share(held), 100 - share(used))}%` }} />
      </div>
      <span className="text-xs text-muted tabular-nums">{words}</span>
    </div>
  );
}
