import { startRedis, type TestServer } from '@trivet/testing';
import fc from 'fast-check';
import { connectRedis, type Redis } from '../redis.js';
import { calendarOf } from './calendar.js';
import type { AccountRef } from './ledger-keys.js';
import { createLedger } from './ledger.js';
import { WINDOWS_LUA } from './windows.lua.js';

const ASK = `${WINDOWS_LUA}
local ids = window_ids(tonumber(ARGV[1]), ARGV[2])
return { ids.day[1], string.format('%.0f', ids.day[2]), ids.month[1], string.format('%.0f', ids.month[2]), ids.hour[1] }`;
/** Half hours, no summer time, change at midnight, change twice a year near Ramadan, far east and far west, a day left out. */
const ZONES = ['Asia/Shanghai', 'America/New_York', 'Asia/Kolkata', 'Asia/Kathmandu', 'America/Havana', 'Africa/Casablanca', 'Pacific/Kiritimati', 'Pacific/Pago_Pago', 'Australia/Lord_Howe', 'Asia/Beirut', 'Pacific/Apia', 'UTC'];
const DAY = 86_400;
const tenant: AccountRef = { scope: 'tenant', tenant: 'acme', id: 'acme' };

describe('days and months of a time zone', () => {
  let server: TestServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => redis.flushall());

  it('are those the zone’s own calendar shows, and end when its date changes, also for a clock that is hours off', async () => {
    const moment = fc.integer({ min: Date.UTC(2010, 0) / 1_000, max: Date.UTC(2040, 0) / 1_000 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...ZONES), moment, fc.integer({ min: -20 * 3_600, max: 20 * 3_600 }), async (zone, at, offBy) => {
        const calendar = calendarOf(zone, (at + offBy) * 1_000);
        const date = (second: number): string => new Intl.DateTimeFormat('en-CA', { timeZone: zone, year: 'numeric', month: '2-digit', day: '2-digit' }).format(second * 1_000);
        const [day, dayEnds, month, monthEnds] = z(await redis.eval(ASK, 0, String(at), calendar.text));
        expect(day).toBe(`:${date(at)}`);
        expect(month).toBe(`:${date(at).slice(0, 7)}`);
        expect(date(Number(dayEnds) - 1)).toBe(date(at));
        expect(date(Number(dayEnds)) > date(at)).toBe(true);
        expect(date(Number(monthEnds) - 1).slice(0, 7)).toBe(date(at).slice(0, 7));
        expect(date(Number(monthEnds)).slice(0, 7) > date(at).slice(0, 7)).toBe(true);
      }),
      { numRuns: 600 },
    );
  }, 120_000);

  it('refuse a moment that no clock could have meant', async () => {
    const { text } = calendarOf('Asia/Tokyo', Date.UTC(2026, 0, 15));
    await expect(redis.eval(ASK, 0, String(Date.UTC(2026, 5, 1) / 1_000), text)).rejects.toThrow('the clock of its sender is wrong');
  });

  it('hold for the accounts of a tenant, and not for the global one', async () => {
    const ledger = createLedger(redis);
    await ledger.setTimeZone('acme', 'Pacific/Kiritimati');
    const accounts: AccountRef[] = [{ scope: 'user', tenant: 'acme', id: 'ada' }, tenant, { scope: 'global', tenant: 'acme', id: 'global' }];
    await ledger.setLimits(tenant, [{ window: 'day', limitTokens: 100 }]);
    await ledger.reserve({ reservationId: 'c.1', fingerprint: 'f', accounts, tokens: 60, nanoUsd: 0, leaseMs: 60_000 });
    const [user, own, global] = await Promise.all(accounts.map((account) => ledger.readAccount(account)));
    const midnight = (Math.floor((Date.now() / 1_000 + 14 * 3_600) / DAY) + 1) * DAY - 14 * 3_600;
    expect(own?.windows.find(({ window }) => window === 'day')).toMatchObject({ heldTokens: 60, resetsAt: new Date(midnight * 1_000).toISOString() });
    expect(user?.windows.find(({ window }) => window === 'day')).toMatchObject({ heldTokens: 60, resetsAt: new Date(midnight * 1_000).toISOString() });
    expect(global?.windows.find(({ window }) => window === 'day')?.resetsAt).toMatch(/T00:00:00.000Z$/);
    expect(await ledger.reserve({ reservationId: 'd.1', fingerprint: 'f', accounts, tokens: 60, nanoUsd: 0, leaseMs: 60_000 })).toMatchObject({ status: 'denied', account: 'tenant/acme', window: 'day' });
    await ledger.settle({ reservationId: 'c.1', tokens: 10, nanoUsd: 0, keepMs: 1_000 });
    expect((await ledger.readAccount(tenant)).windows.find(({ window }) => window === 'day')).toMatchObject({ usedTokens: 10, heldTokens: 0 });
  });

  it('leave a hold in the day it was made in when the zone changes meanwhile', async () => {
    const ledger = createLedger(redis);
    const hold = (reservationId: string) => ledger.reserve({ reservationId, fingerprint: 'f', accounts: [tenant], tokens: 60, nanoUsd: 0, leaseMs: 60_000 });
    const settle = (reservationId: string, tokens: number) => ledger.settle({ reservationId, tokens, nanoUsd: 0, keepMs: 1_000 });
    const dayAt = (offsetHours: number): string => new Date(Date.now() + offsetHours * 3_600_000).toISOString().slice(0, 10);
    const [there, here] = [dayAt(14), dayAt(-11)];
    await ledger.setTimeZone('acme', 'Pacific/Kiritimati');
    await hold('c.1');
    // 25 hours behind: never the same day.
    await ledger.setTimeZone('acme', 'Pacific/Pago_Pago');
    await hold('d.1');
    await settle('c.1', 10);
    await settle('d.1', 20);
    expect([await ledger.readDay(tenant, there), await ledger.readDay(tenant, here)]).toMatchObject([{ usedTokens: 10 }, { usedTokens: 20 }]);
    expect((await ledger.readAccount(tenant)).windows).toMatchObject([{ usedTokens: 30, heldTokens: 0 }, { window: 'day', usedTokens: 20, heldTokens: 0 }, { window: 'month' }]);
    await ledger.setTimeZone('acme', 'Pacific/Kiritimati');
    expect((await ledger.readAccount(tenant)).windows).toMatchObject([{ usedTokens: 30 }, { window: 'day', usedTokens: 10, heldTokens: 0 }, { window: 'month' }]);
  });

  it('are of UTC again when the zone is taken away; one that there is not is refused by name', async () => {
    const ledger = createLedger(redis);
    await ledger.setTimeZone('acme', 'Asia/Kolkata');
    expect((await ledger.readAccount(tenant)).windows.find(({ window }) => window === 'day')?.resetsAt).toMatch(/T18:30:00.000Z$/);
    await ledger.setTimeZone('acme', null);
    expect((await ledger.readAccount(tenant)).windows.find(({ window }) => window === 'day')?.resetsAt).toMatch(/T00:00:00.000Z$/);
    await expect(ledger.setTimeZone('acme', 'Mars/Olympus')).rejects.toMatchObject({ failure: { code: 'invalid_request', message: expect.stringContaining('"Mars/Olympus" is no time zone') } });
  });
});

const z = (reply: unknown): string[] => (Array.isArray(reply) ? reply.map(String) : []);
