import { PARTITIONS, connectRedis, createJournalState, type JournalState, type Redis } from '@trivet/state';
import { startRedis, until, type TestServer } from '@trivet/testing';
import { createLeases, type Leases } from './leases.js';

const WITHIN_MS = 30_000;

describe('leases of partitions', () => {
  let server: TestServer;
  let redis: Redis;
  let journal: JournalState;
  const timers: NodeJS.Timeout[] = [];
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'test' });
    journal = createJournalState(redis);
  });
  beforeEach(() => redis.flushall());
  afterEach(() => timers.splice(0).forEach(clearInterval));
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  function orchestrator(owner: string, peers: () => readonly string[], isAtWork: (partition: number) => boolean = () => false): Leases & { die: () => void } {
    const leases = createLeases({ journal, owner, peers, isAtWork, onError: () => undefined });
    const timer = setInterval(leases.tick, 20);
    timers.push(timer);
    return { ...leases, die: () => clearInterval(timer) };
  }
  const has = (leases: Leases, count: number): Promise<void> => until(() => leases.ours().length === count, WITHIN_MS, () => `${leases.ours().length} partitions in place of ${count}`);

  it('are shared evenly by those that are there, each by one, and everybody knows whose they are', async () => {
    let peers = ['a'];
    const a = orchestrator('a', () => peers);
    await has(a, PARTITIONS.length);
    peers = ['a', 'b'];
    const b = orchestrator('b', () => peers);
    await Promise.all([has(a, 8), has(b, 8)]);
    expect([...a.ours(), ...b.ours()].toSorted((left, right) => left - right)).toEqual([...PARTITIONS]);
    await until(() => PARTITIONS.every((partition) => a.ownerOf(partition) === b.ownerOf(partition)), WITHIN_MS);
    for (const partition of b.ours()) expect(a.ownerOf(partition)).toBe('b');
  });

  it('go to the others when one gives them up, and when one is gone', async () => {
    let peers = ['a', 'b', 'c'];
    const [a, b, c] = ['a', 'b', 'c'].map((name) => orchestrator(name, () => peers)) as [ReturnType<typeof orchestrator>, ReturnType<typeof orchestrator>, ReturnType<typeof orchestrator>];
    await Promise.all([has(a, 6), has(b, 5), has(c, 5)]);
    peers = ['a', 'b'];
    c.die();
    await c.giveUp();
    await Promise.all([has(a, 8), has(b, 8)]);
    peers = ['a'];
    b.die();
    await has(a, PARTITIONS.length);
  });

  it('are not given back while events are on their way', async () => {
    let isAtWork = true;
    let peers = ['a'];
    const a = orchestrator('a', () => peers, () => isAtWork);
    await has(a, PARTITIONS.length);
    peers = ['a', 'b'];
    const b = orchestrator('b', () => peers);
    await has(a, 8);
    // Longer than a lease lasts without being extended.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(b.ours()).toEqual([]);
    isAtWork = false;
    await has(b, 8);
  });

  it('are taken by anybody where those whose share they are do not come', async () => {
    const a = orchestrator('a', () => ['a', 'never']);
    await has(a, 8);
    await has(a, PARTITIONS.length);
  });
});
