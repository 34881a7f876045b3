import { startRedis, type TestServer } from '@trivet/testing';
import { KV_LIMITS, connectRedis, createKvStore, createWorkflowStore, keys, type Change, type KvStore, type Redis } from '../index.js';

let server: TestServer;
let redis: Redis;
let kv: KvStore;
beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
  kv = createKvStore(redis);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

const ref = { tenant: 'acme', workflowId: 'wf' };
const bytesOf = async (): Promise<number> => Number(await redis.hget(keys.kv(ref), '#bytes'));

describe('the kv of a workflow', () => {
  it('keeps JSON values, the last write of a key wins', async () => {
    await kv.set(ref, 'a', { text: 'ü 🌍', list: [1, null] });
    await kv.set(ref, '__proto__', { admin: true });
    await kv.set(ref, 'a', 'second');
    expect(await kv.get(ref, 'a')).toBe('second');
    expect(await kv.get(ref, '__proto__')).toEqual({ admin: true });
    expect(await kv.get(ref, 'constructor')).toBeNull();
    expect(await kv.list(ref, '')).toEqual(['__proto__', 'a']);
    expect(await bytesOf()).toBe('a'.length + '"second"'.length + '__proto__'.length + '{"admin":true}'.length);
  });

  it('lists by prefix and takes away, and leaves nothing behind when it is empty', async () => {
    for (const key of ['seen/2', 'seen/1', 'other']) await kv.set(ref, key, true);
    expect(await kv.list(ref, 'seen/')).toEqual(['seen/1', 'seen/2']);
    expect([await kv.delete(ref, 'seen/1'), await kv.delete(ref, 'seen/1'), await kv.delete(ref, 'never')]).toEqual([true, false, false]);
    expect(await bytesOf()).toBe('seen/2true'.length + 'othertrue'.length);
    for (const key of ['seen/2', 'other']) expect(await kv.delete(ref, key)).toBe(true);
    expect(await redis.exists(keys.kv(ref))).toBe(0);
  });

  it('is seen by no other workflow and no other tenant', async () => {
    await kv.set(ref, 'a', 1);
    for (const other of [{ tenant: 'acme', workflowId: 'wf2' }, { tenant: 'rival', workflowId: 'wf' }]) {
      expect([await kv.get(other, 'a'), await kv.list(other, ''), await kv.delete(other, 'a')]).toEqual([null, [], false]);
      await kv.set(other, 'a', 2);
    }
    expect(await kv.get(ref, 'a')).toBe(1);
    await expect(kv.set({ tenant: 'acme:wf', workflowId: 'x' }, 'a', 1)).rejects.toThrow('not an id');
  });

  it('takes as many entries as it may, and says when there are more; those that are there can still change', async () => {
    await Promise.all(Array.from({ length: KV_LIMITS.entries }, (_, index) => kv.set(ref, `k${index}`, 0)));
    await expect(kv.set(ref, 'more', 0)).rejects.toMatchObject({ failure: { code: 'payload_too_large', message: expect.stringContaining('kv of workflow wf would have 1001 entries; the limit is 1000'), detail: { unit: 'entries', value: 1001, limit: 1000 } } });
    await kv.set(ref, 'k7', 'changed');
    expect(await kv.delete(ref, 'k8')).toBe(true);
    await kv.set(ref, 'more', 0);
    expect((await kv.list(ref, '')).length).toBe(KV_LIMITS.entries);
  });

  it('takes as many bytes as it may in all, and says when there are more', async () => {
    const large = 'x'.repeat(65_000);
    for (let index = 0; index < 16; index += 1) await kv.set(ref, `k${index}`, large);
    await expect(kv.set(ref, 'k16', large)).rejects.toMatchObject({ failure: { code: 'payload_too_large', message: expect.stringMatching(/would have 1105\d{3} bytes; the limit is 1048576/) } });
    await kv.set(ref, 'k0', '');
    await kv.set(ref, 'k16', large);
    expect(await bytesOf()).toBe((await Promise.all((await kv.list(ref, '')).map(async (key) => key.length + JSON.stringify(await kv.get(ref, key)).length))).reduce((sum, bytes) => sum + bytes, 0));
  });

  it('outlives its last write by thirty days, and goes with the record of its workflow', async () => {
    const store = createWorkflowStore(redis);
    const change = (rest: Partial<Change>): Change => ({ ref, expectedVersion: 0, opId: 'op', head: '{}', status: 'running', steps: {}, events: [], seq: 0, chain: '', schedule: [], close: [], reopen: [], timers: [], clearTimers: [], asked: [], answered: [], nowMs: 1, ...rest });
    await store.commit(change({ opId: 'op1', created: { task: '{}', hash: 'body', createdMs: 1 } }));
    await kv.set(ref, 'a', 1);
    expect(await redis.pttl(keys.kv(ref))).toBeGreaterThan(29 * 86_400_000);
    await store.commit(change({ opId: 'op2', expectedVersion: 1, status: 'completed', finished: { hash: 'body', keepMs: 60_000, tombstoneMs: 60_000 } }));
    expect(await redis.pttl(keys.kv(ref))).toBeLessThanOrEqual(60_000);
    await store.commit(change({ opId: 'op3', expectedVersion: 2, status: 'running' }));
    expect(await redis.pttl(keys.kv(ref))).toBe(-1);
    expect(await kv.get(ref, 'a')).toBe(1);
  });
});
