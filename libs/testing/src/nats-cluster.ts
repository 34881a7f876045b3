import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { connectBus } from '@trivet/bus';
import { findNats, freePort, startNatsServer } from '@trivet/cli';
import { find, toTestServer, type TestServer } from './servers.js';
import { until } from './stack.js';

/** Several real NATS servers on loopback that keep each stream on all of them. */
export interface NatsCluster {
  /** All of them, separated by commas. */
  readonly url: string;
  readonly nodes: readonly TestServer[];
  /** The one that leads a stream, by its place in `nodes`; undefined while there is none. */
  leaderOf: (stream: string) => Promise<number | undefined>;
  stop: () => Promise<void>;
}

const SIZE = 3;

/** Three servers with the streams of Trivet on each; ready when all three have them. */
export async function startNatsCluster(): Promise<NatsCluster> {
  const choice = await findNats(find);
  if (choice.kind === 'url') throw new Error('unreachable: no URL was given');
  const ports: number[] = [];
  while (ports.length < SIZE) {
    const port = await freePort();
    if (!ports.includes(port)) ports.push(port);
  }
  const nodes = await Promise.all(
    ports.map(async (port, index) => {
      const dir = mkdtempSync(join(tmpdir(), 'trivet-nats-'));
      return toTestServer('nats', dir, await startNatsServer({ binary: choice.binary, dir, cluster: { serverName: nameOf(index), port, ports } }));
    }),
  );
  const url = nodes.map((node) => node.url).join(',');
  await until(async () => {
    const bus = await connectBus({ url, name: 'cluster', mayCreate: true, replicas: SIZE });
    await bus.close();
    return true;
  }, 60_000, () => 'the servers did not become a cluster');
  return {
    url,
    nodes,
    leaderOf: async (stream) => {
      const leader = await askLeader(url, stream);
      const index = nodes.findIndex((_, each) => nameOf(each) === leader);
      return index < 0 ? undefined : index;
    },
    stop: async () => {
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

const nameOf = (index: number): string => `trivet-${index}`;

async function askLeader(url: string, stream: string): Promise<string | undefined> {
  const nats = await connect({ servers: url.split(',') });
  try {
    const manager = await jetstreamManager(nats, { timeout: 2_000, checkAPI: false });
    return (await manager.streams.info(stream)).cluster?.leader;
  } finally {
    await nats.close();
  }
}
