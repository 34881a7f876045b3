import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { CONSUMERS, STREAMS } from '@trivet/contracts';
import { startNats, startNatsCluster, until, type NatsCluster } from '@trivet/testing';
import { connectBus, subjects } from './index.js';

const SUBJECT = subjects.toolCall('acme', 'wf');

/** On how many servers each stream is kept, and each consumer. */
function replicasIn(url: string): Promise<{ streams: number[]; consumers: number[] }> {
  return managing(url, async (manager) => {
    const streams = await Promise.all(Object.keys(STREAMS).map(async (name) => (await manager.streams.info(name)).config.num_replicas));
    const consumers = await Promise.all(Object.values(CONSUMERS).map(async ({ stream, durable }) => ((await manager.consumers.info(stream, durable)).cluster?.replicas?.length ?? 0) + 1));
    return { streams, consumers };
  });
}

async function stateOf(url: string): Promise<{ incarnation: string }> {
  const bus = await connectBus({ url, name: 'spec' });
  try {
    return await bus.streamState('CALLS');
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

const stepDown = (url: string, stream: string): Promise<unknown> => managing(url, (_, nats) => nats.request(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`));
const remove = (url: string, stream: string): Promise<unknown> => managing(url, (manager) => manager.streams.delete(stream));

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
    await until(async () => {
      await stepDown(cluster.url, 'CALLS');
      return (await cluster.leaderOf('CALLS')) === follower;
    }, 40_000);
    expect(await stateOf(cluster.url)).toMatchObject({ incarnation });
    await remove(cluster.url, 'CALLS');
    await (await connectBus({ url: cluster.url, name: 'spec', mayCreate: true, replicas: 3 })).close();
    expect((await stateOf(cluster.url)).incarnation).not.toBe(incarnation);
  }, 90_000);

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
