import { Cron } from 'croner';
import { FailureError, type Schedule } from '@trivet/contracts';

/**
 * The first time of a schedule after another, in ms since 1970; null when there is none. Cron is read in the schedule's time
 * zone: a time that a change of clocks leaves out comes right after the gap, one that it repeats comes once.
 */
export function nextAfter({ cron, at, timeZone }: Pick<Schedule, 'cron' | 'at' | 'timeZone'>, afterMs: number): number | null {
  if (at !== null) return Date.parse(at) > afterMs ? Date.parse(at) : null;
  if (cron === null) return null;
  return new Cron(cron, { timezone: timeZone }).nextRun(new Date(afterMs))?.getTime() ?? null;
}

/** The next times, at most so many. */
export function nextTimes(schedule: Pick<Schedule, 'cron' | 'at' | 'timeZone'>, afterMs: number, count: number): string[] {
  const times: string[] = [];
  for (let next = nextAfter(schedule, afterMs); next !== null && times.length < count; next = nextAfter(schedule, next)) times.push(new Date(next).toISOString());
  return times;
}

/** @throws FailureError invalid_request: no such time zone, or no such pattern, or never */
export function checkTimes({ cron, at, timeZone }: { cron?: string | undefined; at?: string | undefined; timeZone: string }, nowMs: number): void {
  if (!isTimeZone(timeZone)) throw mistake('/timeZone', `is ${JSON.stringify(timeZone)}, which is no IANA time zone such as Europe/Berlin`);
  if (at !== undefined && Date.parse(at) <= nowMs) throw mistake('/at', `is ${at}, which has passed; it is ${new Date(nowMs).toISOString()} now`);
  if (cron === undefined) return;
  const fields = cron.trim().split(/\s+/).length;
  if (fields !== 5 && fields !== 6) throw mistake('/cron', `is ${JSON.stringify(cron)} with ${fields} fields; it must have five (minute hour day month weekday) or six with seconds first`);
  let next: Date | null;
  try {
    next = new Cron(cron, { timezone: timeZone }).nextRun(new Date(nowMs));
  } catch (error) {
    throw mistake('/cron', `is ${JSON.stringify(cron)}, which is no cron pattern: ${error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error)}`);
  }
  if (next === null) throw mistake('/cron', `is ${JSON.stringify(cron)}, which never comes`);
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const mistake = (pointer: string, detail: string): FailureError => new FailureError('invalid_request', `The schedule is not valid: ${pointer} ${detail}.`, { errors: [{ pointer, detail }] });
