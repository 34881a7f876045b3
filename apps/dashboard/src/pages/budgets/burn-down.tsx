import type { AccountWindow } from '@trivet/contracts';
import { compact, usd } from '../../formatting/numbers.js';
import { daysBetween } from './days.js';
import type { UsageRow } from './usage.js';

const WIDTH = 720;
const HEIGHT = 160;
const AXIS = 18;

/** A bar for each day, and what is left of the month's limit as a line that falls. Tokens where nothing costs anything. */
export function BurnDown({ rows, from, month }: { rows: UsageRow[]; from: string; month: AccountWindow | undefined }) {
  const inMoney = rows.some((row) => row.nanoUsd > 0);
  const format = inMoney ? usd : compact;
  const days = daysBetween(from).map((day) => ({ day, spent: spentOn(rows, day, inMoney) }));
  const most = Math.max(1, ...days.map(({ spent }) => spent));
  const limit = (inMoney ? month?.limitNanoUsd : month?.limitTokens) ?? null;
  const step = WIDTH / days.length;
  const total = days.reduce((sum, { spent }) => sum + spent, 0);
  return (
    <figure className="grid gap-2">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + AXIS}`} role="img" aria-label={`${format(total)} in ${days.length} days, at most ${format(most)} in one`} className="h-auto w-full">
        {days.map(({ day, spent }, index) => (
          <rect key={day} x={index * step + 1} width={Math.max(1, step - 2)} y={HEIGHT - (spent / most) * HEIGHT} height={(spent / most) * HEIGHT} className="fill-accent">
            <title>{`${day}: ${format(spent)}`}</title>
          </rect>
        ))}
        {limit !== null && limit > 0 && <polyline points={remaining(days, limit, step)} className="fill-none stroke-warn" strokeWidth="2" />}
        {days.filter((_, index) => index % Math.ceil(days.length / 8) === 0).map(({ day }) => (
          <text key={day} x={days.findIndex((one) => one.day === day) * step} y={HEIGHT + AXIS - 4} className="fill-muted text-[11px]">
            {day.slice(5)}
          </text>
        ))}
      </svg>
      <figcaption className="text-muted">
        {format(total)} in these days, at most {format(most)} in one.
        {limit === null ? ' No limit is set for a month.' : ` The line is what is left of this month's ${format(limit)}.`}
      </figcaption>
    </figure>
  );
}

const spentOn = (rows: UsageRow[], day: string, inMoney: boolean): number => rows.filter((row) => row.key === day).reduce((sum, row) => sum + (inMoney ? row.nanoUsd : row.inputTokens + row.outputTokens), 0);

/** What is left at the end of each day of the current month, scaled to the limit. */
function remaining(days: { day: string; spent: number }[], limit: number, step: number): string {
  const month = days.at(-1)?.day.slice(0, 7);
  let left = limit;
  const points: string[] = [];
  for (const [index, { day, spent }] of days.entries()) {
    if (day.slice(0, 7) !== month) continue;
    left = Math.max(0, left - spent);
    points.push(`${(index + 0.5) * step},${HEIGHT - (left / limit) * HEIGHT}`);
  }
  return points.join(' ');
}
