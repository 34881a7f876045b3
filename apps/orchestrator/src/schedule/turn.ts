import type { Schedule } from '@trivet/contracts';
import { nextAfter } from './times.js';

/** A time started this late was not missed: somebody was there, and busy. */
export const ON_TIME_MS = 5_000;
/** More missed times than this are not looked at one by one. */
const MOST_MISSED = 1_000;

/** What a schedule that is due wants: a time to start, times to leave out, and when it is due again. */
export interface Turn {
  startAt: number | null;
  left: number;
  nextAt: number | null;
}

/** Which of the times up to now is to be started, by the catch-up policy. Pure. */
export function turnOf(schedule: Pick<Schedule, 'cron' | 'at' | 'timeZone' | 'nextAt' | 'catchUp'>, nowMs: number): Turn {
  if (schedule.nextAt === null) return { startAt: null, left: 0, nextAt: null };
  const oldest = Date.parse(schedule.nextAt);
  if (oldest > nowMs) return { startAt: null, left: 0, nextAt: oldest };
  const { policy, withinMs = Infinity } = schedule.catchUp;
  const wanted = (time: number): boolean => nowMs - time <= ON_TIME_MS || (policy !== 'none' && nowMs - time <= withinMs);
  let left = 0;
  let start: number | null = null;
  let next: number | null = oldest;
  for (let seen = 0; next !== null && next <= nowMs; seen += 1) {
    // Beyond so many, only the end counts.
    if (seen > MOST_MISSED) return { startAt: start, left, nextAt: nextAfter(schedule, nowMs) };
    if (wanted(next)) {
      if (start !== null && policy !== 'all') left += 1;
      if (start !== null && policy === 'all') break;
      start = next;
    } else left += 1;
    next = nextAfter(schedule, next);
  }
  return { startAt: start, left, nextAt: next };
}
