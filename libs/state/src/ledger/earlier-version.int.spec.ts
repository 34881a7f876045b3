import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, redisTimeMs, type Redis } from '../redis.js';
import { atClock } from './clock-for-tests.js';
import type { AccountRef } from './ledger-keys.js';
import { createLedger, type Ledger } from './ledger.js';
import { createPresence } from '../workers/presence.js';
import { takeLedgerOver } from './take-over.js';

const WORKFLOW: AccountRef = { scope: 'workflow', tenant: 'acme', id: 'w1' };
const TENANT: AccountRef = { scope: 'tenant', tenant: 'acme', id: 'acme' };
const GLOBAL: AccountRef = { scope: 'global', tenant: 'global', id: 'global' };
const ACCOUNTS = [WORKFLOW, TENANT, GLOBAL];
const HOUR_MS = 3_600_000;

/** What the version before wrote, recorded from it: 40 tokens settled, 60 lapsed, 300 held, of a tenant whose day has passed its threshold. */
describe('a ledger that an earlier version wrote', () => {
  let server: TestServer;
  let redis: Redis;
  let ledger: Ledger;
  let day: string;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(async () => {
    await redis.flushall();
    const second = Math.floor((await redisTimeMs(redis)) / 1_000);
    ledger = createLedger(atClock(redis, { second }));
    day = await writeEarlierLedger(redis, second * 1_000);
  });

  const hold = (reservationId: string, tokens: number, owner = 'model-2:1:1') => ledger.reserve({ reservationId, fingerprint: 'f', accounts: ACCOUNTS, tokens, nanoUsd: tokens * 10, leaseMs: HOUR_MS, owner });
  const settle = (reservationId: string, tokens: number) => ledger.settle({ reservationId, tokens, nanoUsd: tokens * 10, keepMs: HOUR_MS });
  const balances = () => Promise.all(ACCOUNTS.map(async (account) => (await ledger.readAccount(account)).windows.map(({ window, usedTokens, heldTokens, usedNanoUsd, heldNanoUsd }) => [window, usedTokens, heldTokens, usedNanoUsd / 10, heldNanoUsd / 10])));
  const everywhere = (used: number, held: number) => {
    const row = (window: string): unknown[] => [window, used, held, used, held];
    return [[row('total')], [row('total'), row('hour'), row('day'), row('month')], [row('total'), row('day'), row('month')]];
  };

  it('shows what it held and its limits, and is not changed by that', async () => {
    const before = await redis.keys('*');
    expect(await balances()).toEqual(everywhere(100, 300));
    expect((await ledger.readAccount(TENANT)).windows.map(({ window, limitTokens, limitNanoUsd }) => [window, limitTokens, limitNanoUsd])).toEqual([['total', null, null], ['hour', 900, null], ['day', 500, 1_000_000], ['month', null, null]]);
    expect(await ledger.readDay(GLOBAL, day)).toEqual({ usedTokens: 100, usedNanoUsd: 1_000 });
    expect((await redis.keys('*')).sort()).toEqual(before.sort());
  });

  it('counts on from there with the next hold, and leaves one place for each window', async () => {
    expect(await hold('new.1', 100)).toEqual({ status: 'held', crossed: [] });
    expect(await balances()).toEqual(everywhere(100, 400));
    expect(await hold('new.2', 1)).toMatchObject({ status: 'denied', account: 'tenant/acme', window: 'day', limit: 500, used: 100, held: 400 });
    expect(await redis.keys('{ledger}:account:*:day:*')).toEqual([]);
    await settle('new.1', 7);
    expect(await balances()).toEqual(everywhere(107, 300));
    expect(await ledger.readDay(GLOBAL, day)).toEqual({ usedTokens: 107, usedNanoUsd: 1_070 });
  });

  it('is taken over only when no model service of the version before is left', async () => {
    const presence = createPresence(redis);
    const before = { service: 'model' as const, id: 'model-old', pid: 1, host: 'h', version: '0.1.0', startedAt: new Date(0).toISOString(), inFlight: 0, slots: 1, draining: false };
    await presence.announce(before);
    const waitedFor: (readonly string[])[] = [];
    await takeLedgerOver(redis, presence, (workerIds) => {
      waitedFor.push(workerIds);
      void presence.leave(before);
    });
    expect(waitedFor).toEqual([['model-old']]);
    await presence.announce(before);
    await takeLedgerOver(redis, presence, (workerIds) => void waitedFor.push(workerIds));
    expect(waitedFor).toHaveLength(1);
  });

  it.each(['before', 'after'])('settles its holds %s the accounts are touched', async (when) => {
    if (when === 'after') await hold('new.1', 0);
    expect((await settle('held.1', 20)).transition).toEqual({ status: 'done', state: 'settled', over: false, corrected: false });
    expect((await settle('lapsed.1', 25)).transition).toEqual({ status: 'done', state: 'settled', over: false, corrected: true });
    expect((await settle('settled.1', 99)).transition).toEqual({ status: 'replayed', state: 'settled' });
    expect(await ledger.release('released.1')).toEqual({ status: 'replayed', state: 'released' });
    expect(await balances()).toEqual(everywhere(85, 0));
    expect(await redis.zscore('{ledger}:leases', 'held.1')).toBeNull();
  });

  it('knows its reservations by their fingerprint and owner, and tells again what they crossed', async () => {
    const crossed = [{ account: TENANT, name: 'tenant/acme', window: 'day', metric: 'tokens', limit: 500, used: 100, held: 300 }];
    expect(await hold('held.1', 300, 'model-1:1:1')).toEqual({ status: 'held', crossed });
    expect(await hold('held.1', 300)).toEqual({ status: 'replayed', state: 'held', tokens: 300, nanoUsd: 3_000, chargedTokens: 0, chargedNanoUsd: 0, crossed });
    expect(await hold('settled.1', 100)).toMatchObject({ status: 'replayed', state: 'settled', chargedTokens: 40 });
    expect(await ledger.extend('held.1', HOUR_MS)).toBe('held');
    expect(await ledger.expireNow('lapsed.1')).toEqual({ reservationId: 'lapsed.1', tokens: 60, nanoUsd: 600 });
    expect(await ledger.expireNow('held.1')).toEqual({ reservationId: 'held.1', tokens: 300, nanoUsd: 3_000 });
    expect(await ledger.readReservation('held.1')).toEqual({ state: 'expired', chargedTokens: 300, chargedNanoUsd: 3_000 });
    expect(await balances()).toEqual(everywhere(400, 0));
  });

  it('keeps its vendors’ books, and adds to them', async () => {
    await settle('held.1', 20);
    await settle('lapsed.1', 25);
    const book = await ledger.readVendorBook(day);
    expect(book.unreported).toEqual([]);
    expect(book.vendors).toEqual([
      {
        endpoint: 'openai', model: 'm', reported: { attempts: 3, tokens: 85, inputTokens: 30, nanoUsd: 850 },
        estimated: { attempts: 0, tokens: 0, inputTokens: 0, nanoUsd: 0 }, lapsed: { attempts: 0, tokens: 0, inputTokens: 0, nanoUsd: 0 },
      },
    ]);
  });

  it('still ends the account of a workflow that had finished', async () => {
    for (const key of ['limits', 'total']) await redis.pexpire(`{ledger}:account:workflow:acme:w1:${key}`, HOUR_MS);
    await hold('new.1', 10);
    await settle('new.1', 10);
    const left = await redis.pttl('{ledger}:account:workflow:acme:w1:total');
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(HOUR_MS);
  });

  it('stops processes of the earlier version rather than let them count apart', async () => {
    await hold('new.1', 1);
    await expect(redis.hmget('{ledger}:account:tenant:acme:total', 'used:tokens')).rejects.toThrow('WRONGTYPE');
  });
});

/** @returns the day of that moment */
async function writeEarlierLedger(redis: Redis, nowMs: number): Promise<string> {
  const now = new Date(nowMs).toISOString();
  const day = now.slice(0, 10);
  const ids = { total: 'total', hour: `hour:${now.slice(0, 13)}`, day: `day:${day}`, month: `month:${now.slice(0, 7)}` };
  const account = '{ledger}:account';
  const windows = [`${account}:workflow:acme:w1:${ids.total}`, ...[ids.total, ids.hour, ids.day, ids.month].map((id) => `${account}:tenant:acme:${id}`), ...[ids.total, ids.day, ids.month].map((id) => `${account}:global:${id}`)];
  for (const key of windows) await redis.hset(key, { 'held:tokens': '300', 'held:cost': '3000', 'used:tokens': '100', 'used:cost': '1000' });
  for (const key of windows.filter((each) => !each.endsWith(':total'))) await redis.pexpire(key, 8 * 24 * HOUR_MS);
  await redis.hset(`${account}:tenant:acme:${ids.day}`, 'crossed:tokens', '500');
  await redis.hset(`${account}:tenant:acme:limits`, { 'day:tokens': '500', 'day:cost': '1000000', 'hour:tokens': '900', 'minute:tokens': 'none' });
  await redis.hset(`${account}:workflow:acme:w1:limits`, { 'total:tokens': '1000' });
  const reservation = { fingerprint: 'f', endpoint: 'openai', model: 'm', day, owner: 'model-1:1:1', keys: windows.join(' ') };
  const crossed = JSON.stringify([[`${account}:tenant:acme`, 'day', 'tokens', '500', '100', '300', `${account}:tenant:acme:${ids.day}`]]);
  await redis.hset('{ledger}:reservation:held.1', { ...reservation, state: 'held', tokens: '300', cost: '3000', crossed });
  await redis.hset('{ledger}:reservation:lapsed.1', { ...reservation, state: 'expired', tokens: '60', cost: '600', 'charged:tokens': '60', 'charged:cost': '600' });
  await redis.hset('{ledger}:reservation:released.1', { ...reservation, state: 'released', tokens: '10', cost: '100', 'charged:tokens': '0', 'charged:cost': '0' });
  await redis.hset('{ledger}:reservation:settled.1', { ...reservation, state: 'settled', tokens: '100', cost: '1000', 'charged:tokens': '40', 'charged:cost': '400' });
  await redis.zadd('{ledger}:leases', nowMs + HOUR_MS, 'held.1');
  await redis.hset(`{ledger}:unreported:${day}`, 'lapsed.1', '["openai","m","lapsed","60","600"]');
  await redis.hset(`{ledger}:vendors:${day}`, { 'openai|m|reported|attempts': '1', 'openai|m|reported|tokens': '40', 'openai|m|reported|input': '30', 'openai|m|reported|cost': '400', 'openai|m|lapsed|attempts': '1', 'openai|m|lapsed|tokens': '60', 'openai|m|lapsed|cost': '600' });
  return day;
}
