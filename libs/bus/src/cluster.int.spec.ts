import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { CONSUMERS, STREAMS } from '@trivet/contracts';
import { startNats, startNatsCluster, until, type NatsCluster } from '@trivet/testing';
import { connectBus, subjects } from './index.js';
import { ensureAtStart, ensureStreams } from './streams.js';

const SUBJECT = subjects.toolCall('acme', 'wf');

/** On how many servers each stream is kept, and each consumer. */
function replicasIn(url: string): Promise<{ streams: number[]; consumers: number[] }> {
  return managing(url, async (manager) => {
    const streams = await Promise.all(Object.keys(STREAMS).map(async (name) => (await manager.streams.info(name)).config.num_replicas));
    const consumers = await Promise.all(Object.values(CONSUMERS).map(async ({ stream, durable }) => ((await manager.consumers.info(stream, durable)).cluster?.replicas?.length ?? 0) + 1));
    return { streams, consumers };
  });
}

/** What the servers say of a stream once they have agreed on who leads it. */
async function stateOf(url: string): Promise<{ incarnation: string }> {
  const bus = await connectBus({ url, name: 'spec' });
  try {
    let state = { incarnation: '' };
    await until(async () => {
      state = await bus.streamState('CALLS');
      return true;
    }, 40_000);
    return state;
  } finally {
    await bus.close();
  }
}

async function managing<Result>(url: string, task: (manager: JetStreamManager, nats: NatsConnection) => Promise<Result>): Promise<Result> {
  const nats = await connect({ servers: url.split(',') });
  try {
    return await task(await jetstreamManager(nats), nats);
  } finally {
    await nats.close();
  }
}

/** Whether a server that does not lead a stream has all of it. */
const hasAll = (url: string, stream: string, server: string): Promise<boolean> => managing(url, async (manager) => (await manager.streams.info(stream)).cluster?.replicas?.some(({ name, current }) => name === server && current) ?? false);
/** A wish: servers that are in the middle of an election do not hear it. */
const handLead = (url: string, stream: string, server: string): Promise<unknown> => managing(url, (_, nats) => nats.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`, JSON.stringify({ placement: { preferred: server } })));
const isGone = (error: unknown): boolean => /stream not found/i.test(String(error));
const remove = (url: string, stream: string): Promise<boolean> => managing(url, (manager) => manager.streams.delete(stream).catch((error: unknown) => isGone(error) || Promise.reject(error)));

async function publish(url: string): Promise<boolean> {
  const bus = await connectBus({ url, name: 'spec' });
  try {
    await bus.publish(SUBJECT, { n: 0 }, { workflowId: 'wf', messageId: 'after', timeoutMs: 1_000 });
    return true;
  } finally {
    await bus.close();
  }
}

const all = (count: number): { streams: number[]; consumers: number[] } => ({ streams: Object.keys(STREAMS).map(() => count), consumers: Object.values(CONSUMERS).map(() => count) });

describe('on three servers', () => {
  let cluster: NatsCluster;
  beforeAll(async () => {
    cluster = await startNatsCluster();
  });
  afterAll(() => cluster.stop());

  it('keeps streams and consumers on as many as it is told, also those that were there, and leaves them when it is told nothing', async () => {
    expect(await replicasIn(cluster.url)).toEqual(all(3));
    const ensure = async (replicas?: number): Promise<void> => (await connectBus({ url: cluster.url, name: 'spec', mayCreate: true, replicas })).close();
    await ensure(1);
    expect(await replicasIn(cluster.url)).toEqual(all(1));
    const { incarnation } = await stateOf(cluster.url);
    await ensure();
    expect(await replicasIn(cluster.url)).toEqual(all(1));
    await ensure(3);
    await until(async () => JSON.stringify(await replicasIn(cluster.url)) === JSON.stringify(all(3)), 20_000);
    expect(await stateOf(cluster.url)).toMatchObject({ incarnation });
  }, 60_000);

  it('is another incarnation when it was made anew, and the same when its leader has caught up with the others', async () => {
    const { incarnation } = await stateOf(cluster.url);
    const follower = (await cluster.leaderOf('CALLS')) === 0 ? 1 : 0;
    await cluster.nodes[follower]?.wipe();
    // Until it is asked to take something new, the others count it as one that has all.
    await until(() => publish(cluster.url), 40_000);
    let asked = 0;
    await until(async () => {
      const isLeading = (await cluster.leaderOf('CALLS')) === follower;
      if (!isLeading && performance.now() - asked > 3_000 && (await hasAll(cluster.url, 'CALLS', `trivet-${follower}`))) {
        asked = performance.now();
        await handLead(cluster.url, 'CALLS', `trivet-${follower}`);
      }
      return isLeading;
    }, 60_000, () => 'the server that was wiped has not caught up, or does not lead');
    expect(await stateOf(cluster.url)).toMatchObject({ incarnation });
    await until(() => remove(cluster.url, 'CALLS'), 20_000);
    await (await connectBus({ url: cluster.url, name: 'spec', mayCreate: true, replicas: 3 })).close();
    expect((await stateOf(cluster.url)).incarnation).not.toBe(incarnation);
  }, 120_000);

  it('what was acknowledged is there, and more is taken, when the one that led the stream was killed', async () => {
    const bus = await connectBus({ url: cluster.url, name: 'spec' });
    try {
      expect(bus.isClustered()).toBe(true);
      const { seq } = await bus.publish(SUBJECT, { n: 1 }, { workflowId: 'wf', messageId: 'first' });
      const leader = (await cluster.leaderOf('CALLS')) ?? 0;
      await cluster.nodes[leader]?.kill();
      await until(async () => (await bus.publish(SUBJECT, { n: 2 }, { workflowId: 'wf', timeoutMs: 1_000 })).seq > seq, 40_000);
      expect(await bus.messageIdAt('CALLS', seq)).toBe('first');
    } finally {
      await bus.close();
    }
  }, 60_000);

  it('lets a process start that came when most of them were away, and tells one that waited for nothing what to look at', async () => {
    await Promise.all([cluster.nodes[0]?.restart(), ...cluster.nodes.slice(1).map((node) => node.kill())]);
    const lone = cluster.nodes[0]?.url ?? '';
    const nats = await connect({ servers: lone });
    const reasons: string[] = [];
    const waited = await ensureAtStart(() => ensureStreams(nats), { withinMs: 6_000, onWait: ({ message }) => reasons.push(message) }).catch((error: unknown) => error);
    await nats.close();
    expect(waited).toMatchObject({ message: expect.stringMatching(/answered no question about streams for 6 s/), failure: { code: 'unavailable', hint: expect.stringMatching(/More than half/) } });
    expect(reasons).toEqual([expect.stringMatching(/do not answer questions about streams yet; they are asked again for 6 s/)]);
    const started = connectBus({ url: lone, name: 'spec', mayCreate: true });
    await Promise.all(cluster.nodes.slice(1).map((node) => node.restart()));
    await (await started).close();
  }, 90_000);
});

describe('on a single server', () => {
  it('that is to keep streams on three, says what mends it', async () => {
    const server = await startNats();
    try {
      await expect(connectBus({ url: server.url, name: 'spec', mayCreate: true, replicas: 3 })).rejects.toMatchObject({ message: expect.stringMatching(/cannot keep the stream TASKS on 3 of them/), failure: { code: 'unavailable', hint: expect.stringMatching(/lower TRIVET_NATS_REPLICAS/) } });
    } finally {
      await server.stop();
    }
  });
});
