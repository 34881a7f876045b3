import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createApiKeyStore, createSessionStore, createTenantErasure, createWorkflowErasure, keys, type Redis, type StoredApiKey } from '../index.js';

const ref = { tenant: 'acme', workflowId: 'wf-1' };
const neighbour = { tenant: 'acme', workflowId: 'wf-11' };

describe('erasing from Redis', () => {
  let server: TestServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'test' });
  });
  beforeEach(async () => void (await redis.flushall()));
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  const plant = async (of: typeof ref, status: string, createdMs = 1): Promise<void> => {
    await redis.hset(keys.workflow(of), 'status', status, 'created', createdMs);
    await redis.hset(keys.claim(of, 'c1'), 'st', 'done');
    await redis.hset(keys.kv(of), 'a', '1');
    await redis.set(`{ledger}:result:acme:${of.workflowId}:c1`, 'x');
    await redis.hset(`{ledger}:account:workflow:acme:${of.workflowId}:total`, 'used:tokens', '5');
  };
  const named = async (text: string): Promise<string[]> => (await redis.keys('*')).filter((key) => new RegExp(`${text}(?!\\d)`).test(key)).toSorted();

  it('leaves a tombstone of a workflow, and all of its neighbours', async () => {
    const erasure = createWorkflowErasure(redis);
    await plant(ref, 'completed');
    await plant(neighbour, 'completed');
    // A user of that name is no workflow.
    await redis.hset('{ledger}:account:user:acme:wf-1:total', 'used:tokens', '5');
    const before = await named('wf-11');
    expect(await erasure.eraseRecord(ref, { tombstoneMs: 60_000 })).toBe('erased');
    await erasure.eraseRest('acme', ['wf-1']);
    expect(await named('wf-1')).toEqual(['{ledger}:account:user:acme:wf-1:total', keys.tombstone(ref)].toSorted());
    expect(await named('wf-11')).toEqual(before);
    expect(await erasure.isErased(ref)).toBe(true);
    expect(await erasure.isErased(neighbour)).toBe(false);
    const erased = [];
    for await (const each of erasure.erased()) erased.push(each);
    expect(erased).toEqual([ref]);
  });

  it('refuses one that is open, unless an older copy holds it still, and never one that began later', async () => {
    const erasure = createWorkflowErasure(redis);
    await plant(ref, 'running', 1_000);
    expect(await erasure.eraseRecord(ref, { tombstoneMs: 60_000 })).toBe('open');
    expect(await erasure.eraseRecord(ref, { tombstoneMs: 60_000, erasedAtMs: 999 })).toBe('newer');
    expect(await redis.exists(keys.workflow(ref), keys.tombstone(ref))).toBe(1);
    expect(await erasure.eraseRecord(ref, { tombstoneMs: 60_000, erasedAtMs: 1_000 })).toBe('erased');
    expect(await redis.exists(keys.workflow(ref))).toBe(0);
  });

  it('ends the keys and sessions of a tenant, and keeps a module that another tenant uploaded too', async () => {
    const erasure = createTenantErasure(redis);
    const apiKeys = createApiKeyStore(redis);
    const sessions = createSessionStore(redis);
    await redis.hset(keys.partition(0), 'state', 'open');
    for (const tenant of ['acme', 'rival']) {
      const key: StoredApiKey = { id: `k-${tenant}`, name: tenant, tenant, role: 'admin', hash: 'h', createdAt: '', createdBy: '', rotatedAt: null, expiresAt: null };
      await apiKeys.put(key);
      await apiKeys.noteUse(key.id, 1);
      await sessions.open(tenant, { keyId: key.id, keyHash: 'h' }, 60_000);
      await redis.sadd(keys.toolTenants(), tenant);
      await redis.hset(keys.toolVersions(tenant), 'a@1', JSON.stringify({ digest: 'both' }), 'b@1', JSON.stringify({ digest: `only-${tenant}` }));
      await redis.hset(keys.usageOfTenants(3, '2030-01-01'), `${tenant}#c`, '1', `${tenant}#u`, '5');
      await redis.zadd(keys.due(3), 1, `t|${tenant}|wf-1|x`);
      await redis.sadd(keys.active(3), `${tenant}|wf-1`);
    }
    for (const digest of ['both', 'only-acme', 'only-rival']) await redis.set(keys.toolModule(digest), 'bytes');
    await redis.rpush(keys.audit('acme'), '{}');
    // One that an earlier version began is in no set of active ones.
    for (const [workflowId, status] of [['begun-before', 'waiting'], ['ended', 'completed']] as const) {
      await plant({ tenant: 'acme', workflowId }, status);
      await redis.zadd(keys.list(3, 'acme'), 1, workflowId);
    }
    expect(await erasure.countOpen('acme')).toBe(1);
    await erasure.erase('acme');
    expect((await apiKeys.list()).map(({ id }) => id)).toEqual(['k-rival']);
    expect([...(await apiKeys.uses()).keys()]).toEqual(['k-rival']);
    expect([await sessions.find('acme'), (await sessions.find('rival'))?.keyId]).toEqual([null, 'k-rival']);
    expect((await redis.keys('{catalog}:module:*')).toSorted()).toEqual(['{catalog}:module:both', '{catalog}:module:only-rival']);
    expect(await redis.hgetall(keys.usageOfTenants(3, '2030-01-01'))).toEqual({ 'rival#c': '1', 'rival#u': '5' });
    expect([await redis.zrange(keys.due(3), '0', '-1'), await redis.smembers(keys.active(3))]).toEqual([['t|rival|wf-1|x'], ['rival|wf-1']]);
    expect((await redis.keys('*')).filter((key) => key.includes('acme'))).toEqual(['{audit}:acme']);
    expect([await erasure.exists('acme'), await erasure.exists('rival')]).toEqual([false, true]);
  });
});
