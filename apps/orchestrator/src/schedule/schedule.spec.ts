import { runId } from './ticker.js';
import { checkTimes, nextAfter, nextTimes } from './times.js';
import { turnOf } from './turn.js';

const ms = (text: string): number => Date.parse(text);
const daily = { cron: '30 2 * * *', at: null, timeZone: 'Europe/Berlin' };

describe('the times of a schedule', () => {
  it('are read in its time zone', () => {
    expect(nextTimes({ ...daily, cron: '0 9 * * 1-5' }, ms('2026-01-02T12:00:00Z'), 2)).toEqual(['2026-01-05T08:00:00.000Z', '2026-01-06T08:00:00.000Z']);
  });

  it('come once, right after the gap, on the day when clocks go forward', () => {
    expect(nextTimes(daily, ms('2026-03-28T12:00:00Z'), 2)).toEqual(['2026-03-29T01:30:00.000Z', '2026-03-30T00:30:00.000Z']);
  });

  it('come once on the day when clocks go back', () => {
    const times = nextTimes(daily, ms('2026-10-24T12:00:00Z'), 2);
    expect(times).toHaveLength(2);
    expect(times.filter((time) => time.startsWith('2026-10-25'))).toHaveLength(1);
  });

  it('may have seconds', () => {
    expect(nextTimes({ ...daily, cron: '*/20 * * * * *' }, ms('2026-01-01T00:00:05Z'), 2)).toEqual(['2026-01-01T00:00:20.000Z', '2026-01-01T00:00:40.000Z']);
  });

  it('of one that runs once, are one', () => {
    const once = { cron: null, at: '2026-01-01T00:00:00Z', timeZone: 'UTC' };
    expect(nextAfter(once, ms('2025-12-31T00:00:00Z'))).toBe(ms('2026-01-01T00:00:00Z'));
    expect(nextAfter(once, ms('2026-01-01T00:00:00Z'))).toBeNull();
  });

  it.each([
    [{ cron: '* * *', timeZone: 'UTC' }, /\/cron is "\* \* \*" with 3 fields/],
    [{ cron: '99 * * * *', timeZone: 'UTC' }, /\/cron is "99 \* \* \* \*", which is no cron pattern/],
    [{ cron: '0 0 30 2 *', timeZone: 'UTC' }, /never comes/],
    [{ cron: '* * * * *', timeZone: 'Mars/Base' }, /\/timeZone is "Mars\/Base"/],
    [{ at: '2020-01-01T00:00:00Z', timeZone: 'UTC' }, /\/at is 2020-01-01T00:00:00Z, which has passed/],
  ])('that make no sense are refused: %j', (schedule, message) => {
    expect(() => checkTimes(schedule, ms('2026-01-01T00:00:00Z'))).toThrow(message);
  });
});

describe('a schedule that is due', () => {
  const hourly = { cron: '0 * * * *', at: null, timeZone: 'UTC', nextAt: '2026-01-01T10:00:00.000Z' };
  const now = ms('2026-01-01T13:30:00Z');

  it('starts its time, and is due again at the next', () => {
    expect(turnOf({ ...hourly, catchUp: { policy: 'none' } }, ms('2026-01-01T10:00:01Z'))).toEqual({ startAt: ms('2026-01-01T10:00:00Z'), left: 0, nextAt: ms('2026-01-01T11:00:00Z') });
  });

  it('starts nothing before its time', () => {
    expect(turnOf({ ...hourly, catchUp: { policy: 'all' } }, ms('2026-01-01T09:59:59.999Z'))).toMatchObject({ startAt: null, nextAt: ms('2026-01-01T10:00:00Z') });
  });

  it.each([
    ['none', null, 4, '2026-01-01T14:00:00Z'],
    ['last', '2026-01-01T13:00:00Z', 3, '2026-01-01T14:00:00Z'],
    ['all', '2026-01-01T10:00:00Z', 0, '2026-01-01T11:00:00Z'],
  ] as const)('after a time away catches up with %s', (policy, startAt, left, nextAt) => {
    expect(turnOf({ ...hourly, catchUp: { policy } }, now)).toEqual({ startAt: startAt === null ? null : ms(startAt), left, nextAt: ms(nextAt) });
  });

  it('leaves out what is too old', () => {
    expect(turnOf({ ...hourly, catchUp: { policy: 'all', withinMs: 2 * 3_600_000 } }, now)).toMatchObject({ startAt: ms('2026-01-01T12:00:00Z'), left: 2 });
  });

  it('after a very long time away is not looked at time by time', () => {
    const everySecond = { cron: '* * * * * *', at: null, timeZone: 'UTC', nextAt: '2020-01-01T00:00:00.000Z', catchUp: { policy: 'last' as const } };
    expect(turnOf(everySecond, now).nextAt).toBe(now + 1_000);
  });
});

it('the id of a run is made from its schedule and time', () => {
  expect(runId('nightly', ms('2026-01-01T02:30:00Z'))).toBe('nightly-20260101T023000Z');
  expect(runId('x'.repeat(43), ms('2026-01-01T02:30:00.123Z'))).toMatch(/^[A-Za-z0-9_-]{1,64}$/);
});
