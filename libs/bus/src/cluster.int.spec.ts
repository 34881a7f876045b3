import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { CONSUMERS, STREAMS } from '@trivet/contracts';
import { startNats, startNatsCluster, until, type NatsCluster } from '@trivet/testing';
import { connectBus, subjects } from './index.js';

const SUBJECT = subjects.toolCall('acme', 'wf');

/** On how many servers each stream is kept, and each consumer. */
async function replicasIn(url: string): Promise<{ streams: number[]; consumers: number[] }> {
  const nats = await connect({ servers: url.split(',') });
  try {
    const manager = await jetstreamManager(nats);
    const streams = await Promise.all(Object.keys(STREAMS).map(async (name) => (await manager.streams.info(name)).config.num_replicas));
    const consumers = await Promise.all(Object.values(CONSUMERS).map(async ({ stream, durable }) => ((await manager.consumers.info(stream, durable)).cluster?.replicas?.length ?? 0) + 1));
    return { streams, consumers };
  } finally {
    await nats.close();
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
    await ensure();
    expect(await replicasIn(cluster.url)).toEqual(all(1));
    await ensure(3);
    await until(async () => JSON.stringify(await replicasIn(cluster.url)) === JSON.stringify(all(3)), 20_000);
  }, 60_000);

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
