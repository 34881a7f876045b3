import { FailureError } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { withRedis } from '../redis.js';
import { calendarOf, type Calendar } from './calendar.js';
import { ZONES_KEY, type AccountRef } from './ledger-keys.js';

/** Zones that were read are good for this long. */
const FRESH_MS = 1_000;

/** In whose days and months accounts are counted: a tenant's, its users' and its workflows' in its time zone, the global one in UTC. */
export interface TimeZones {
  /** null: UTC. @throws FailureError invalid_request for a zone that is not in the database of time zones */
  set(tenant: string, zone: string | null): Promise<void>;
  /** For the scripts: each account's zone, and its days and months around now. */
  calendars(accounts: readonly AccountRef[]): Promise<ZoneCalendar[]>;
}

/** Both '' for UTC. */
export interface ZoneCalendar {
  zone: string;
  calendar: string;
}

export const UTC: ZoneCalendar = { zone: '', calendar: '' };

export function createTimeZones(redis: Redis, nowMs: () => number = Date.now): TimeZones {
  let read: { at: number; zones: Promise<Record<string, string>> } | null = null;
  const calendars = new Map<string, Calendar>();

  function zones(): Promise<Record<string, string>> {
    if (read && performance.now() - read.at < FRESH_MS) return read.zones;
    const found = withRedis(() => redis.hgetall(ZONES_KEY));
    read = { at: performance.now(), zones: found };
    found.catch(() => (read = null));
    return found;
  }

  function textOf(zone: string): string {
    const now = nowMs();
    const known = calendars.get(zone);
    if (known && now >= known.fromMs && now < known.untilMs) return known.text;
    const calendar = calendarOf(zone, now);
    calendars.set(zone, calendar);
    return calendar.text;
  }

  return {
    async set(tenant, zone) {
      if (zone !== null) checkTimeZone(zone);
      await withRedis(() => (zone === null ? redis.hdel(ZONES_KEY, tenant) : redis.hset(ZONES_KEY, tenant, zone)));
      read = null;
    },
    async calendars(accounts) {
      const known = await zones();
      return accounts.map(({ scope, tenant }) => {
        const zone = scope === 'global' || !Object.hasOwn(known, tenant) ? undefined : known[tenant];
        return zone === undefined ? UTC : { zone, calendar: textOf(zone) };
      });
    },
  };
}

export function checkTimeZone(zone: string): void {
  try {
    new Intl.DateTimeFormat('en-CA', { timeZone: zone });
  } catch {
    throw new FailureError('invalid_request', `${JSON.stringify(zone.slice(0, 60))} is no time zone; give a name of the IANA database, such as Asia/Shanghai or America/New_York.`);
  }
}
