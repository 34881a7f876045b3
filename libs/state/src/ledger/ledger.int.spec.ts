import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, type Redis } from '../redis.js';
import { createLedger, type Ledger } from './ledger.js';
import type { AccountRef } from './ledger-keys.js';

const GLOBAL: AccountRef = { scope: 'global', tenant: 'acme', id: 'global' };
const TENANT: AccountRef = { scope: 'tenant', tenant: 'acme', id: 'acme' };
const WORKFLOW: AccountRef = { scope: 'workflow', tenant: 'acme', id: 'w1' };
const CALL = { tenant: 'acme', workflowId: 'w1', callId: 'c1' };
const HOUR_MS = 3_600_000;

describe('the ledger', () => {
  let server: TestServer;
  let redis: Redis;
  let ledger: Ledger;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
    ledger = createLedger(redis);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => redis.flushall());

  const hold = (reservationId: string, tokens: number, nanoUsd = 0, leaseMs = HOUR_MS, accounts = [WORKFLOW, TENANT, GLOBAL]) =>
    ledger.reserve({ reservationId, fingerprint: `${tokens}:${nanoUsd}`, accounts, tokens, nanoUsd, leaseMs });
  const totals = async (account: AccountRef) => {
    const total = (await ledger.readAccount(account)).windows.find(({ window }) => window === 'total');
    return { used: total?.usedTokens, held: total?.heldTokens, usedNanoUsd: total?.usedNanoUsd, heldNanoUsd: total?.heldNanoUsd };
  };

  it('holds, settles and shows the balances in every counted window', async () => {
    expect(await hold('c1.1', 100, 5_000)).toEqual({ status: 'held', crossed: [] });
    expect(await totals(TENANT)).toEqual({ used: 0, held: 100, usedNanoUsd: 0, heldNanoUsd: 5_000 });
    expect(await ledger.settle({ reservationId: 'c1.1', tokens: 40, nanoUsd: 2_000, keepMs: HOUR_MS })).toEqual({ transition: { status: 'done', state: 'settled', over: false, corrected: false }, recorded: null });
    const account = await ledger.readAccount(TENANT);
    expect(account.account).toBe('tenant/acme');
    expect(account.windows.map(({ window, usedTokens, heldTokens }) => [window, usedTokens, heldTokens])).toEqual([['total', 40, 0], ['day', 40, 0], ['month', 40, 0]]);
    const now = new Date();
    expect(account.windows[2]?.resetsAt).toBe(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1)).toISOString());
    expect((await ledger.readAccount(WORKFLOW)).windows.map(({ window }) => window)).toEqual(['total']);
  });

  it('keeps an account in one value, that never ends', async () => {
    for (const id of ['c1.1', 'c2.1', 'c3.1']) await hold(id, 10, id === 'c3.1' ? 5 : 0);
    expect(await redis.keys('{ledger}:account:tenant:acme:*')).toEqual(['{ledger}:account:tenant:acme:total']);
    expect(await redis.pttl('{ledger}:account:tenant:acme:total')).toBe(-1);
  });

  it('counts in the minute and the hour once they are limited', async () => {
    await ledger.setLimits(WORKFLOW, [{ window: 'minute', limitTokens: 50 }, { window: 'hour', limitNanoUsd: 7 }]);
    await hold('c1.1', 10, 3);
    const { windows } = await ledger.readAccount(WORKFLOW);
    expect(windows.map(({ window, limitTokens, limitNanoUsd, heldTokens, heldNanoUsd }) => [window, limitTokens, limitNanoUsd, heldTokens, heldNanoUsd])).toEqual([
      ['total', null, null, 10, 3],
      ['minute', 50, null, 10, 3],
      ['hour', null, 7, 10, 3],
    ]);
  });

  it('tells the one who holds it the same when it asks again, and others that it is held', async () => {
    const ask = (owner: string) => ledger.reserve({ reservationId: 'c9.1', fingerprint: 'f', accounts: [TENANT], tokens: 10, nanoUsd: 0, leaseMs: HOUR_MS, owner });
    expect(await ask('model-1:1:5')).toEqual({ status: 'held', crossed: [] });
    expect(await ask('model-1:1:5')).toEqual({ status: 'held', crossed: [] });
    expect(await totals(TENANT)).toMatchObject({ held: 10 });
    expect(await ask('model-2:2:9')).toMatchObject({ status: 'replayed', state: 'held' });
    await ledger.settle({ reservationId: 'c9.1', tokens: 4, nanoUsd: 0, keepMs: HOUR_MS });
    expect(await ask('model-1:1:5')).toMatchObject({ status: 'replayed', state: 'settled' });
  });

  describe('when an account has not enough left', () => {
    it('names account, window, metric and figures, and writes nothing anywhere', async () => {
      await ledger.setLimits(TENANT, [{ window: 'day', limitTokens: 100 }]);
      await hold('c1.1', 70);
      expect(await hold('c2.1', 31)).toEqual({ status: 'denied', account: 'tenant/acme', window: 'day', metric: 'tokens', limit: 100, used: 0, held: 70, requested: 31, remaining: 30 });
      expect(await totals(WORKFLOW)).toMatchObject({ held: 70 });
      expect(await totals(GLOBAL)).toMatchObject({ held: 70 });
      await ledger.release('c1.1');
      expect(await hold('c2.1', 31)).toMatchObject({ status: 'held' });
    });

    it('lets an amount of nothing pass', async () => {
      await ledger.setLimits(TENANT, [{ window: 'total', limitNanoUsd: 0 }]);
      expect(await hold('c1.1', 10, 0)).toEqual({ status: 'held', crossed: [] });
      expect(await hold('c2.1', 10, 1)).toMatchObject({ status: 'denied', metric: 'cost', limit: 0 });
    });

    it('stops an account without a limit at what is counted exactly', async () => {
      await hold('c1.1', Number.MAX_SAFE_INTEGER);
      expect(await hold('c2.1', 1)).toMatchObject({ status: 'denied', account: 'workflow/w1', limit: Number.MAX_SAFE_INTEGER });
    });
  });

  it('tells of 80 percent once for a limit', async () => {
    await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 100 }]);
    expect(await hold('c1.1', 79)).toEqual({ status: 'held', crossed: [] });
    expect(await hold('c2.1', 1)).toEqual({ status: 'held', crossed: [{ account: WORKFLOW, name: 'workflow/w1', window: 'total', metric: 'tokens', limit: 100, used: 0, held: 80 }] });
    expect(await hold('c3.1', 1)).toEqual({ status: 'held', crossed: [] });
    await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 101 }]);
    expect(await hold('c4.1', 1)).toMatchObject({ status: 'held', crossed: [{ limit: 101 }] });
  });

  describe('when something is sent again', () => {
    it('replays a reservation and knows another by its fingerprint', async () => {
      await hold('c1.1', 10);
      expect(await hold('c1.1', 10)).toEqual({ status: 'replayed', state: 'held', tokens: 10, nanoUsd: 0, chargedTokens: 0, chargedNanoUsd: 0, crossed: [] });
      expect(await hold('c1.1', 11)).toEqual({ status: 'conflict' });
      expect(await totals(GLOBAL)).toMatchObject({ held: 10 });
    });

    it('settles once, and keeps the first result', async () => {
      await hold('c1.1', 10);
      await ledger.settle({ reservationId: 'c1.1', tokens: 4, nanoUsd: 0, keepMs: HOUR_MS, result: { call: CALL, json: '{"first":1}' } });
      expect(await ledger.settle({ reservationId: 'c1.1', tokens: 9, nanoUsd: 0, keepMs: HOUR_MS, result: { call: CALL, json: '{"second":1}' } })).toEqual({ transition: { status: 'replayed', state: 'settled' }, recorded: '{"first":1}' });
      expect(await hold('c1.1', 10)).toMatchObject({ status: 'replayed', state: 'settled', chargedTokens: 4 });
      expect(await ledger.release('c1.1')).toEqual({ status: 'replayed', state: 'settled' });
      expect(await totals(GLOBAL)).toMatchObject({ used: 4, held: 0 });
      expect(await ledger.recordedResult('acme', 'w1', 'c1')).toBe('{"first":1}');
      expect(await ledger.recordResult(CALL, '{"third":1}', HOUR_MS)).toBe('{"first":1}');
    });

    it('keeps limits that were set or lifted when they are only set if absent', async () => {
      await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 10 }], { onlyIfAbsent: true });
      await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 20 }]);
      await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 10 }], { onlyIfAbsent: true });
      expect((await ledger.readAccount(WORKFLOW)).windows[0]?.limitTokens).toBe(20);
      await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: null }]);
      await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 10 }], { onlyIfAbsent: true });
      expect((await ledger.readAccount(WORKFLOW)).windows[0]?.limitTokens).toBeNull();
    });
  });

  describe('when a lease is over', () => {
    it('charges the whole hold once, and a late settlement corrects it', async () => {
      await hold('c1.1', 10, 500, 0);
      await hold('c2.1', 10, 500);
      expect(await ledger.expireDue(100)).toEqual([{ reservationId: 'c1.1', tokens: 10, nanoUsd: 500 }]);
      expect(await ledger.expireDue(100)).toEqual([]);
      expect(await totals(GLOBAL)).toEqual({ used: 10, held: 10, usedNanoUsd: 500, heldNanoUsd: 500 });
      expect(await ledger.settle({ reservationId: 'c1.1', tokens: 3, nanoUsd: 100, keepMs: HOUR_MS })).toMatchObject({ transition: { status: 'done', state: 'settled', over: false, corrected: true } });
      expect(await totals(GLOBAL)).toEqual({ used: 3, held: 10, usedNanoUsd: 100, heldNanoUsd: 500 });
    });

    it('leaves a call with a heartbeat alone', async () => {
      await hold('c1.1', 10, 0, 0);
      expect(await ledger.extend('c1.1', HOUR_MS)).toBe('held');
      expect(await ledger.expireDue(100)).toEqual([]);
      expect(await ledger.extend('nobody.1', HOUR_MS)).toBe('missing');
    });

    it('ends the one whose holder is known to be gone, and says again what was charged', async () => {
      await hold('c1.1', 10, 7);
      expect(await ledger.expireNow('c1.1')).toEqual({ reservationId: 'c1.1', tokens: 10, nanoUsd: 7 });
      expect(await ledger.expireNow('c1.1')).toEqual({ reservationId: 'c1.1', tokens: 10, nanoUsd: 7 });
      expect(await ledger.expireNow('nobody.1')).toBeNull();
      expect(await totals(GLOBAL)).toMatchObject({ used: 10, held: 0 });
    });
  });

  it('ends all attempts of a call that nobody makes again; one that was settled stays as it is', async () => {
    await hold('c1.1', 10);
    await ledger.settle({ reservationId: 'c1.1', tokens: 4, nanoUsd: 0, keepMs: HOUR_MS });
    await hold('c1.2', 20);
    await hold('c1.3', 30);
    await hold('c2.1', 40);
    await ledger.expireCall('c1');
    await ledger.expireCall('nobody');
    expect(await totals(GLOBAL)).toMatchObject({ used: 54, held: 40 });
  });

  it('reports a settlement above its hold', async () => {
    await hold('c1.1', 10);
    expect(await ledger.settle({ reservationId: 'c1.1', tokens: 11, nanoUsd: 0, keepMs: HOUR_MS })).toMatchObject({ transition: { over: true } });
    expect(await totals(GLOBAL)).toMatchObject({ used: 11, held: 0 });
  });

  it('still records the result when the reservation was lost', async () => {
    expect(await ledger.settle({ reservationId: 'c9.1', tokens: 1, nanoUsd: 0, keepMs: HOUR_MS, result: { call: CALL, json: '{}' } })).toEqual({ transition: { status: 'missing' }, recorded: '{}' });
    expect(await ledger.recordedResult('acme', 'w1', 'c1')).toBe('{}');
  });

  it('charges an account that is named twice once', async () => {
    await hold('c1.1', 10, 0, HOUR_MS, [WORKFLOW, WORKFLOW]);
    expect(await totals(WORKFLOW)).toMatchObject({ held: 10 });
  });

  describe('when a number or an id is not what it should be', () => {
    it.each([Number.NaN, -1, 1.5, 2 ** 53, Number.POSITIVE_INFINITY, 1e21])('refuses the amount %p before it writes', async (tokens) => {
      await expect(hold('c1.1', tokens)).rejects.toThrow('must be an integer from 0 to 9007199254740991');
      await hold('c2.1', 10);
      await expect(ledger.settle({ reservationId: 'c2.1', tokens, nanoUsd: 0, keepMs: HOUR_MS })).rejects.toThrow('must be an integer');
      expect(await totals(GLOBAL)).toMatchObject({ used: 0, held: 10 });
      await expect(ledger.setLimits(TENANT, [{ window: 'total', limitTokens: 5 }, { window: 'day', limitTokens: tokens }])).rejects.toThrow('must be an integer');
      expect((await ledger.readAccount(TENANT)).windows[0]?.limitTokens).toBeNull();
    });

    it('refuses ids that could reach another key', async () => {
      await expect(hold('c1.1', 1, 0, HOUR_MS, [{ scope: 'user', tenant: 'acme', id: 'x:total' }])).rejects.toThrow('user id');
      await expect(hold('c 1', 1)).rejects.toThrow('Reservation id');
      await expect(hold('c1.1', 1, 0, HOUR_MS, [])).rejects.toThrow('names no account');
    });

    it('refuses a result over the limit', async () => {
      await expect(ledger.recordResult(CALL, 'x'.repeat(65_537), HOUR_MS)).rejects.toThrow('65537 bytes; the limit is 65536');
    });
  });

  it('settles into the windows that are left when one it was reserved in is gone', async () => {
    await ledger.setLimits(WORKFLOW, [{ window: 'minute', limitTokens: 50 }]);
    await hold('c1.1', 10);
    await ledger.setLimits(WORKFLOW, [{ window: 'minute', limitTokens: null }]);
    await hold('c2.1', 1);
    const [putAway = ''] = await redis.keys('{ledger}:account:workflow:acme:w1:minute:*');
    expect(await redis.hget(putAway, 'held:tokens')).toBe('10');
    expect(await redis.pttl(putAway)).toBeGreaterThan(7 * 24 * HOUR_MS - 1_000);
    await redis.del(putAway);
    await ledger.settle({ reservationId: 'c1.1', tokens: 4, nanoUsd: 0, keepMs: HOUR_MS });
    expect(await totals(WORKFLOW)).toMatchObject({ used: 4, held: 1 });
    expect(await redis.exists(putAway)).toBe(0);
  });

  it('lets the account of a finished workflow end', async () => {
    await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 10 }]);
    await hold('c1.1', 1);
    await ledger.retireAccounts([WORKFLOW], 60_000);
    await hold('c2.1', 1);
    await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 20 }]);
    await ledger.settle({ reservationId: 'c1.1', tokens: 1, nanoUsd: 0, keepMs: HOUR_MS });
    for (const key of ['limits', 'total']) {
      const leftMs = await redis.pttl(`{ledger}:account:workflow:acme:w1:${key}`);
      expect(leftMs).toBeGreaterThan(0);
      expect(leftMs).toBeLessThanOrEqual(60_000);
    }
    await ledger.keepAccounts([WORKFLOW, GLOBAL]);
    await ledger.settle({ reservationId: 'c2.1', tokens: 1, nanoUsd: 0, keepMs: HOUR_MS });
    for (const key of ['limits', 'total']) expect(await redis.pttl(`{ledger}:account:workflow:acme:w1:${key}`)).toBe(-1);
    expect(await totals(WORKFLOW)).toMatchObject({ used: 2, held: 0 });
  });
});
