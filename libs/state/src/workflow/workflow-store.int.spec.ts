import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createAuditLog, createBlobs, createJournalState, createPresence, createWorkflowStore, checkDurability, keys, partitionOfRef, REMEMBERED_COMMITS, RESTORING, type Change, type Redis } from '../index.js';

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

const ref = { tenant: 'acme', workflowId: 'wf' };
let operations = 0;
function change(rest: Partial<Change>): Change {
  return { ref, expectedVersion: 0, opId: `op${operations++}`, head: '{}', status: 'running', steps: {}, events: [], seq: 0, chain: '', schedule: [], close: [], reopen: [], timers: [], clearTimers: [], asked: [], answered: [], nowMs: 1, ...rest };
}
const creation = (rest: Partial<Change> = {}): Change => change({ events: ['{"seq":1}'], seq: 1, chain: 'h1', created: { task: '{"t":1}', hash: 'body', createdMs: 5 }, ...rest });

describe('a commit', () => {
  it('creates a workflow once; the second finds it, with the hash of its body', async () => {
    const store = createWorkflowStore(redis);
    expect(await store.commit(creation())).toMatchObject({ status: 'committed', version: 1 });
    expect(await store.commit(creation())).toEqual({ status: 'exists', hash: 'body', workflowStatus: 'running' });
    expect(await store.load(ref)).toMatchObject({ version: 1, seq: 1, chain: 'h1', task: '{"t":1}', hash: 'body' });
  });

  it('is done once when it is sent twice', async () => {
    const store = createWorkflowStore(redis);
    const first = creation();
    await store.commit(first);
    expect(await store.commit(first)).toEqual({ status: 'replayed', version: 1, moved: false });
    const second = change({ expectedVersion: 1, events: ['{"seq":2}'], seq: 2, chain: 'h2', steps: { a: '{"s":1}' } });
    await store.commit(second);
    expect(await store.commit(second)).toEqual({ status: 'replayed', version: 2, moved: false });
    expect(await store.readEvents(ref, 0, 10)).toEqual(['{"seq":1}', '{"seq":2}']);
  });

  it('is done once when it is sent again after others have committed', async () => {
    const store = createWorkflowStore(redis);
    const event = (seq: number): Partial<Change> => ({ expectedVersion: seq - 1, events: [`{"seq":${seq},"hash":"h${seq}"}`], seq, chain: `h${seq}` });
    const first = creation({ events: ['{"seq":1,"hash":"h1"}'] });
    const second = change(event(2));
    for (const each of [first, second, change(event(3)), change(event(4))]) expect((await store.commit(each)).status).toBe('committed');
    expect(await store.commit(first)).toEqual({ status: 'replayed', version: 4, moved: true });
    expect(await store.commit(second)).toEqual({ status: 'replayed', version: 4, moved: true });
    expect(await store.commit(change({ ...event(2), chain: 'another', events: ['{"seq":2,"hash":"another"}'] }))).toEqual({ status: 'conflict', version: 4 });
    expect(await redis.llen('{w' + partitionOfRef(ref) + '}:events:acme:wf')).toBe(4);
  });

  it('is not taken for that of another that makes the same of it in the same millisecond', async () => {
    const store = createWorkflowStore(redis);
    const decision = (): Change => change({ expectedVersion: 1, events: ['{"seq":2,"hash":"same"}'], seq: 2, chain: 'same' });
    const [first, second, third] = [decision(), decision(), decision()];
    await store.commit(creation());
    expect((await store.commit(first)).status).toBe('committed');
    expect(await store.commit(second)).toEqual({ status: 'conflict', version: 2 });
    await store.commit(change({ expectedVersion: 2, events: ['{"seq":3,"hash":"h3"}'], seq: 3, chain: 'h3' }));
    expect(await store.commit(third)).toEqual({ status: 'conflict', version: 3 });
    expect(await store.commit(first)).toEqual({ status: 'replayed', version: 3, moved: true });
  });

  it('is known by its place in the history when its id is known no more, or the workflow was written anew', async () => {
    const store = createWorkflowStore(redis);
    const event = (seq: number): Partial<Change> => ({ expectedVersion: seq - 1, events: [`{"seq":${seq},"hash":"h${seq}"}`], seq, chain: `h${seq}` });
    const second = change(event(2));
    for (const each of [creation({ events: ['{"seq":1,"hash":"h1"}'] }), second, ...[3, 4, 5, 6, 7].map((seq) => change(event(seq)))]) expect((await store.commit(each)).status).toBe('committed');
    expect((await redis.hget(keys.workflow(ref), 'op'))?.split(' ')).toHaveLength(REMEMBERED_COMMITS);
    expect(await store.commit(second)).toEqual({ status: 'replayed', version: 7, moved: true });
    await redis.flushall();
    const third = change(event(3));
    await store.commit({ ...creation({ events: [1, 2, 3].map((seq) => `{"seq":${seq},"hash":"h${seq}"}`), seq: 3, chain: 'h3' }), opId: `${RESTORING}3:1`, restored: true });
    expect(await store.commit(third)).toEqual({ status: 'replayed', version: 1, moved: true });
  });

  it('counts a workflow as active from its first commit to its end, and again when it is retried', async () => {
    const store = createWorkflowStore(redis);
    const end = { hash: 'body', keepMs: 1_000, tombstoneMs: 2_000 };
    await store.commit(creation());
    await store.commit({ ...creation({ status: 'failed', finished: end }), ref: { tenant: 'acme', workflowId: 'ended-at-once' } });
    expect(await store.countActive()).toBe(1);
    await store.commit(change({ expectedVersion: 1, status: 'failed', events: ['{"seq":2}'], seq: 2, finished: end }));
    expect(await store.countActive()).toBe(0);
    await store.commit(change({ expectedVersion: 2, status: 'running', events: ['{"seq":3}'], seq: 3 }));
    expect(await store.countActive()).toBe(1);
  });

  it('takes none of the others with it when it cannot be made', async () => {
    const store = createWorkflowStore(redis);
    const broken = { tenant: 'acme', workflowId: 'broken' };
    await redis.set('{w' + partitionOfRef(broken) + '}:steps:acme:broken', 'not a hash');
    const outcomes = await Promise.allSettled([store.commit(creation()), store.commit({ ...creation({ steps: { a: '{}' } }), ref: broken }), store.commit({ ...creation(), ref: { tenant: 'acme', workflowId: 'other' } })]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await store.load({ tenant: 'acme', workflowId: 'other' })).toMatchObject({ version: 1 });
  });

  it('lets one of many win, and tells the others', async () => {
    const store = createWorkflowStore(redis);
    await store.commit(creation());
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => store.commit(change({ expectedVersion: 1, events: ['{"seq":2}'], seq: 2 }))));
    expect(outcomes.filter((outcome) => outcome.status === 'committed')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.status === 'conflict')).toHaveLength(19);
    expect(await redis.llen('{w' + partitionOfRef(ref) + '}:events:acme:wf')).toBe(2);
  });

  it('never leaves a gap in the history', async () => {
    const store = createWorkflowStore(redis);
    await store.commit(creation());
    expect(await store.commit(change({ expectedVersion: 1, events: ['{"seq":3}'], seq: 3 }))).toMatchObject({ status: 'conflict' });
  });

  it('remembers the id of a workflow whose record has expired', async () => {
    const store = createWorkflowStore(redis);
    await store.commit(creation());
    await store.commit(change({ expectedVersion: 1, seq: 1, status: 'completed', finished: { hash: 'body', keepMs: 1, tombstoneMs: 60_000 } }));
    for (let waited = 0; (await store.load(ref)) !== null && waited < 100; waited += 1) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await store.load(ref)).toBeNull();
    expect(await store.commit(creation())).toEqual({ status: 'exists', hash: 'body', workflowStatus: 'expired' });
  });

  it('refuses what is not a version before it writes anything', async () => {
    const store = createWorkflowStore(redis);
    await expect(store.commit(creation({ expectedVersion: Number.NaN }))).rejects.toThrow(/Redis refused/);
    expect(await redis.dbsize()).toBe(0);
  });

  it('is listed newest first, page by page, for its tenant only', async () => {
    const store = createWorkflowStore(redis);
    for (let index = 0; index < 25; index += 1) {
      await store.commit({ ...creation({ created: { task: '{}', hash: 'h', createdMs: 1_000 + Math.floor(index / 2) } }), ref: { tenant: index === 3 ? 'other' : 'acme', workflowId: `wf${String(index).padStart(2, '0')}` } });
    }
    const seen: string[] = [];
    let before: { createdMs: number; workflowId: string } | undefined;
    for (;;) {
      const pageOf = await store.list('acme', { limit: 7, ...(before ? { before } : {}) });
      seen.push(...pageOf.map((entry) => entry.workflowId));
      before = pageOf.at(-1);
      if (pageOf.length < 7) break;
    }
    expect(seen).toHaveLength(24);
    expect(new Set(seen).size).toBe(24);
    expect(seen).not.toContain('wf03');
    expect(seen[0]).toBe('wf24');
  });
});

describe('the journal’s state', () => {
  it('knows what still has to go, and gives a partition to one relay at a time', async () => {
    const store = createWorkflowStore(redis);
    const journal = createJournalState(redis);
    const partition = partitionOfRef(ref);
    await store.commit(creation());
    expect(await journal.waiting(partition, 10, 0)).toEqual([ref]);
    expect(await journal.ownerOf(partition)).toBeNull();
    expect(await journal.lease(partition, 'a')).toBe('a');
    expect(await journal.ownerOf(partition)).toBe('a');
    expect(await journal.lease(partition, 'b')).toBe('a');
    await journal.giveUp(partition, 'b');
    expect(await journal.lease(partition, 'a')).toBe('a');
    await journal.giveUp(partition, 'a');
    expect(await journal.lease(partition, 'b')).toBe('b');
    await journal.markJournaled(partition, ref, 1);
    expect(await journal.journaledUpTo(ref)).toBe(1);
    expect(await journal.waiting(partition, 10, 0)).toEqual([]);
  });
});

describe('the audit log', () => {
  const entry = (action: string) => ({ tenant: 'acme', actor: 'a', action, target: 't', workflowId: null, detail: null });

  it('chains its rows, also when two processes write at once, and finds the one that was changed', async () => {
    const [one, two] = [createAuditLog(redis), createAuditLog(redis)];
    await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? one : two).append([entry(`a${index}`)], 'now')));
    expect(await one.verify('acme')).toEqual({ rows: 20, brokenAt: null });
    const rows = await one.list('acme', { limit: 5 });
    expect(rows.map((row) => row.seq)).toEqual([20, 19, 18, 17, 16]);
    expect((await one.list('acme', { limit: 5, beforeSeq: 16 })).map((row) => row.seq)).toEqual([15, 14, 13, 12, 11]);
    expect(await one.list('acme', { limit: 5, beforeSeq: 1 })).toEqual([]);
    const seventh = JSON.parse((await redis.lindex('{audit}:acme', 6)) ?? '{}');
    await redis.lset('{audit}:acme', 6, JSON.stringify({ ...seventh, actor: 'somebody else' }));
    expect(await one.verify('acme')).toEqual({ rows: 20, brokenAt: 7 });
  });
});

describe('blobs', () => {
  it('keep small values inline and large ones by their digest', async () => {
    const blobs = createBlobs(redis);
    expect(await blobs.store('small')).toEqual({ inline: 'small' });
    const large = 'ä'.repeat(40_000);
    const stored = await blobs.store(large);
    expect('reference' in stored && (await blobs.load(stored.reference))).toBe(large);
    await expect(blobs.load({ blob: 'f'.repeat(64), bytes: 1 })).rejects.toThrow(/no longer kept/);
  });
});

describe('presence', () => {
  it('lists who announced, and who did not for too long as absent', async () => {
    const presence = createPresence(redis);
    const worker = { service: 'executor', id: 'e1', pid: 1, host: 'h', version: '1', startedAt: 'now', inFlight: 0, slots: 2, draining: false } as const;
    await presence.announce(worker);
    expect(await presence.list()).toEqual([{ service: 'executor', id: 'e1', present: true, worker }]);
    await redis.del('{workers}:info:executor:e1');
    expect(await presence.list()).toEqual([{ service: 'executor', id: 'e1', present: false, worker: null }]);
    await presence.leave(worker);
    expect(await presence.list()).toEqual([]);
  });
});

describe('checkDurability', () => {
  it('accepts a Redis that syncs every write', async () => {
    expect(await checkDurability(redis, 'strict')).toEqual([]);
  });

  it('refuses everysec in strict mode and says what to do; relaxed names the weakness', async () => {
    await redis.config('SET', 'appendfsync', 'everysec');
    await expect(checkDurability(redis, 'strict')).rejects.toMatchObject({ message: expect.stringContaining('appendfsync is everysec'), failure: { hint: expect.stringContaining('TRIVET_DURABILITY=relaxed') } });
    expect(await checkDurability(redis, 'relaxed')).toEqual([expect.stringContaining('everysec')]);
    await redis.config('SET', 'appendfsync', 'always');
  });
});
