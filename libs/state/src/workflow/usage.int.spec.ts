import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createRecoveryState, createUsageCounts, createWorkflowStore, keys, partitionOfRef, type Change, type Redis, type UsedByCall } from '../index.js';

let server: TestServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});
beforeEach(() => redis.flushall());

const DAY = '2026-03-04';
const ref = { tenant: 'acme', workflowId: 'wf' };
const used = (seq: number, rest: Partial<UsedByCall> = {}): UsedByCall => ({ seq, day: DAY, model: 'a/one', template: 'research', user: 'ann', calls: 1, inputTokens: 10, outputTokens: 5, nanoUsd: 700, ...rest });
const text = (seq: number): string => `{"seq":${seq},"hash":"h${seq}"}`;
let operations = 0;
function change(seq: number, rest: Partial<Change> = {}): Change {
  return { ref, expectedVersion: seq - 1, opId: `op${operations++}`, head: '{}', status: 'running', steps: {}, events: [text(seq)], seq, chain: `h${seq}`, schedule: [], close: [], reopen: [], timers: [], clearTimers: [], asked: [], answered: [], nowMs: 1, ...(seq === 1 ? { created: { task: '{}', hash: 'body', createdMs: 5 } } : {}), ...rest };
}
const restored = (upTo: number, items: UsedByCall[]): Change => change(1, { events: Array.from({ length: upTo }, (_, index) => text(index + 1)), seq: upTo, chain: `h${upTo}`, used: items, restored: true });

describe('what model calls used', () => {
  it('is counted with the commit, by day, model, template and user, and once when it is sent twice', async () => {
    const store = createWorkflowStore(redis);
    const second = change(2, { used: [used(2), used(2, { model: 'b/two', calls: 0, nanoUsd: 1 })] });
    for (const each of [change(1), second, second, change(3, { used: [used(3, { user: 'bob' })] }), second]) await store.commit(each);
    const counts = createUsageCounts(redis);
    const row = { day: DAY, template: 'research', inputTokens: 10, outputTokens: 5 };
    expect((await counts.of('acme', [DAY, '2026-03-05'])).toSorted((left, right) => (JSON.stringify(left) < JSON.stringify(right) ? -1 : 1))).toEqual(
      [{ ...row, calls: 0, nanoUsd: 1, model: 'b/two', user: 'ann' }, { ...row, calls: 1, nanoUsd: 700, model: 'a/one', user: 'ann' }, { ...row, calls: 1, nanoUsd: 700, model: 'a/one', user: 'bob' }],
    );
    expect(await counts.ofTenants([DAY])).toEqual([{ day: DAY, tenant: 'acme', calls: 2, inputTokens: 30, outputTokens: 15, nanoUsd: 1_401 }]);
    expect(await counts.of('other', [DAY])).toEqual([]);
    expect(await counts.of('acme', ['2026-03-05'])).toEqual([]);
  });

  it('is not counted when the commit is refused', async () => {
    const store = createWorkflowStore(redis);
    await store.commit(change(1));
    expect(await store.commit(change(3, { used: [used(3)] }))).toMatchObject({ status: 'conflict' });
    await expect(store.commit(change(2, { used: [used(2, { nanoUsd: 0.5 })] }))).rejects.toThrow(/whole number/);
    expect(await createUsageCounts(redis).of('acme', [DAY])).toEqual([]);
  });

  it('is counted from where it was, when a workflow is restored: what is there once, what was lost again', async () => {
    const store = createWorkflowStore(redis);
    for (const each of [change(1), change(2, { used: [used(2)] })]) await store.commit(each);
    // An older copy of Redis came back: event 3 is in the journal only. The restoring is broken off and begun again.
    for (let time = 0; time < 2; time += 1) {
      await createRecoveryState(redis).forget(ref);
      await store.commit(restored(3, [used(2), used(3)]));
    }
    expect(await createUsageCounts(redis).ofTenants([DAY])).toEqual([expect.objectContaining({ calls: 2, nanoUsd: 1_400 })]);
    await redis.flushall();
    await store.commit(restored(3, [used(2), used(3)]));
    expect(await createUsageCounts(redis).ofTenants([DAY])).toEqual([expect.objectContaining({ calls: 2, nanoUsd: 1_400 })]);
  });

  it('of too many names in a day is counted together for the new ones', async () => {
    const store = createWorkflowStore(redis);
    await store.commit(change(1));
    await store.commit(change(2, { used: Array.from({ length: 2_003 }, (_, index) => used(2, { user: `user-${index}` })) }));
    await store.commit(change(3, { used: [used(3, { user: 'user-0' })] }));
    const rows = await createUsageCounts(redis).of('acme', [DAY]);
    expect(rows.find(({ model }) => model === '(others)')).toMatchObject({ template: '(others)', user: '(others)', calls: 3 });
    expect(rows.find(({ user }) => user === 'user-0')).toMatchObject({ calls: 2 });
    expect(rows).toHaveLength(2_001);
  });

  it('leaves no mark of a workflow for longer than its id is remembered', async () => {
    const store = createWorkflowStore(redis);
    await store.commit(change(1, { used: [used(1)] }));
    expect(await redis.pttl(keys.counted(ref))).toBe(-1);
    await store.commit(change(2, { status: 'completed', used: [used(2)], finished: { hash: 'body', keepMs: 1_000, tombstoneMs: 5_000 } }));
    expect(await redis.pttl(keys.counted(ref))).toBeGreaterThan(1_000);
    expect(await redis.pttl(keys.counted(ref))).toBeLessThanOrEqual(6_000);
    expect(await redis.pttl(keys.usage(partitionOfRef(ref), 'acme', DAY))).toBeGreaterThan(300 * 86_400_000);
  });
});
