import { connectRedis, createLedger, type AccountRef, type Ledger, type Redis } from '@trivet/state';
import { startRedis, until, type TestServer } from '@trivet/testing';
import { startAccountRetirer, type AccountRetirer } from './account-retirer.js';

const KEEP_MS = 60_000;
const DAY_MS = 86_400_000;
const of = (workflowId: string): AccountRef => ({ scope: 'workflow', tenant: 'acme', id: workflowId });

describe('accounts of finished workflows', () => {
  let server: TestServer;
  let redis: Redis;
  let ledger: Ledger;
  let retirer: AccountRetirer;
  const errors: unknown[] = [];
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'test' });
    ledger = createLedger(redis);
    retirer = startAccountRetirer({ ledger, keepFinishedMs: KEEP_MS, onError: (error) => errors.push(error) });
  });
  afterAll(async () => {
    await retirer.stop();
    redis.disconnect();
    await server.stop();
  });

  async function use(workflowId: string): Promise<void> {
    await ledger.setLimits(of(workflowId), [{ window: 'total', limitTokens: 100 }]);
    await ledger.reserve({ reservationId: `${workflowId}.1`, fingerprint: 'f', accounts: [of(workflowId)], tokens: 10, nanoUsd: 0, leaseMs: 60_000 });
  }
  const leftMs = (workflowId: string): Promise<number[]> => Promise.all(['total', 'limits'].map((key) => redis.pttl(`{ledger}:account:workflow:acme:${workflowId}:${key}`)));

  it('go with the records of their workflows, and a day later', async () => {
    const ids = Array.from({ length: 600 }, (_, index) => `w${index}`);
    await Promise.all(ids.map(use));
    for (const workflowId of ids) retirer.retire({ tenant: 'acme', workflowId });
    retirer.retire({ tenant: 'acme', workflowId: 'never-used' });
    await until(async () => (await leftMs('w599')).every((left) => left > 0), 20_000, () => 'not yet: the last account to be retired');
    for (const left of (await Promise.all(ids.map(leftMs))).flat()) expect(left).toBeGreaterThan(KEEP_MS + DAY_MS - 30_000);
    expect(await redis.exists('{ledger}:account:workflow:acme:never-used:total')).toBe(0);
  });

  it('stay when the workflow is retried, with those of its ancestors, also at the same moment', async () => {
    await Promise.all(['child', 'parent'].map(use));
    retirer.retire({ tenant: 'acme', workflowId: 'parent' });
    await until(async () => (await leftMs('parent')).every((left) => left > 0), 20_000, () => 'not yet: the parent to be retired');
    retirer.retire({ tenant: 'acme', workflowId: 'child' });
    retirer.keep({ tenant: 'acme', workflowId: 'child', parent: { workflowId: 'parent', stepId: 's', ancestors: ['parent'] } });
    await until(async () => (await leftMs('parent')).every((left) => left === -1), 20_000, () => 'not yet: the parent to be kept');
    expect(await leftMs('child')).toEqual([-1, -1]);
    expect((await ledger.readAccount(of('parent'))).windows[0]).toMatchObject({ limitTokens: 100, heldTokens: 10 });
  });

  it('are retired once Redis is back', async () => {
    await use('late');
    await server.kill();
    retirer.retire({ tenant: 'acme', workflowId: 'late' });
    await until(() => errors.length > 0, 20_000, () => 'no attempt has failed yet');
    await server.restart();
    await use('late-2');
    retirer.retire({ tenant: 'acme', workflowId: 'late-2' });
    await until(async () => (await leftMs('late-2')).every((left) => left > 0), 20_000, () => 'the one after Redis came back is not retired');
    expect(await redis.pttl('{ledger}:account:workflow:acme:late:limits')).not.toBe(-1);
  });
});
