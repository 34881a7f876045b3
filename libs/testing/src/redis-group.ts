import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findRedis, startLocalServer, probeRedis, startRedisServer, type LocalServer } from '@trivet/cli';
import { Redis } from 'ioredis';
import { find, toTestServer, type TestServer } from './servers.js';
import { until } from './stack.js';

/** A Redis primary with its replicas, each with an append-only file of its own, and the Sentinels that watch them. */
export interface RedisGroup {
  /** The Sentinels, as TRIVET_REDIS_URL takes them; without any, the first primary. */
  readonly url: string;
  readonly nodes: readonly TestServer[];
  /** The one that the Sentinels call the primary, by its place in `nodes`. */
  primary: () => Promise<number>;
  /** Starts one that was killed again, as a replica of whoever is the primary now. */
  rejoin: (index: number) => Promise<void>;
  /** Resolves when the primary has so many replicas that follow it. */
  followed: (replicas: number) => Promise<void>;
  stop: () => Promise<void>;
}

export interface RedisGroupOptions {
  replicas: number;
  /** How many Sentinels, 3 if not said; more than half of them must agree. */
  sentinels?: number;
  /** After how long without an answer a Sentinel holds the primary for gone; in ms. */
  downAfterMs?: number;
}

const NAME = 'trivet';
/** A primary that no replica follows takes no writes: nobody would have them after it. */
const SETTINGS = ['min-replicas-to-write 1', 'min-replicas-max-lag 3', 'repl-diskless-sync-delay 0', 'repl-ping-replica-period 1'];

export async function startRedisGroup({ replicas, sentinels = 3, downAfterMs = 1_000 }: RedisGroupOptions): Promise<RedisGroup> {
  const choice = await findRedis(find);
  if (choice.kind !== 'binary') throw new Error('A replica needs a real redis-server: install the Debian package redis-server.');
  /** Whom each follows, by port; null: nobody. */
  const follows: (number | null)[] = [];
  const nodes: TestServer[] = [];
  for (let index = 0; index <= replicas; index += 1) {
    follows[index] = nodes[0]?.port ?? null;
    const dir = mkdtempSync(join(tmpdir(), 'trivet-redis-'));
    const settings = (): string[] => [...SETTINGS, ...(follows[index] ? [`replicaof 127.0.0.1 ${follows[index]}`] : [])];
    nodes.push(toTestServer('redis', dir, await startRedisServer({ choice, dir, settings })));
  }
  const first = nodes[0];
  if (!first) throw new Error('unreachable: there is a primary');
  const watchers = await Promise.all(Array.from({ length: sentinels }, () => startSentinel(choice.binary, { primaryPort: first.port, quorum: Math.floor(sentinels / 2) + 1, downAfterMs })));
  const primaryPort = async (): Promise<number> => {
    const [watcher] = watchers;
    if (!watcher) return first.port;
    return Number(((await ask(watcher.port, ['SENTINEL', 'get-master-addr-by-name', NAME])) as string[])[1]);
  };
  const primary = async (): Promise<number> => {
    const port = await primaryPort();
    return nodes.findIndex((node) => node.port === port);
  };
  const followed = (count: number): Promise<void> => until(async () => (String(await ask(await primaryPort(), ['INFO', 'replication'])).match(/^slave\d+:.*state=online/gm)?.length ?? 0) >= count, 30_000, () => `the primary has not ${count} replicas`);
  await followed(replicas);
  // A Sentinel that knows no others, or no replica, can agree on nothing.
  await until(async () => (await Promise.all(watchers.map(({ port }) => knows(port, { sentinels, replicas })))).every(Boolean), 30_000, () => 'the Sentinels did not find each other');
  return {
    url: watchers.length === 0 ? first.url : `redis-sentinel://${watchers.map(({ port }) => `127.0.0.1:${port}`).join(',')}/${NAME}`,
    nodes,
    primary,
    followed,
    rejoin: async (index) => {
      follows[index] = await primaryPort();
      await nodes[index]?.restart();
    },
    stop: async () => {
      await Promise.all(watchers.map((each) => each.stop()));
      await Promise.all(nodes.map((node) => node.stop()));
    },
  };
}

async function startSentinel(binary: string, { primaryPort, quorum, downAfterMs }: { primaryPort: number; quorum: number; downAfterMs: number }): Promise<{ port: number; stop: () => Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'trivet-sentinel-'));
  const file = join(dir, 'sentinel.conf');
  const server: LocalServer = await startLocalServer({
    name: 'Sentinel',
    logFile: join(dir, 'sentinel.log'),
    prepare: (port) => {
      writeFileSync(file, ['bind 127.0.0.1', `port ${port}`, `dir ${dir}`, `sentinel monitor ${NAME} 127.0.0.1 ${primaryPort} ${quorum}`, `sentinel down-after-milliseconds ${NAME} ${downAfterMs}`, `sentinel failover-timeout ${NAME} 10000`, `sentinel parallel-syncs ${NAME} 1`, ''].join('\n'));
      return { command: binary, args: [file, '--sentinel'] };
    },
    probe: (port) => probeRedis(`redis://127.0.0.1:${port}`),
  });
  return {
    port: server.port,
    stop: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function knows(port: number, expected: { sentinels: number; replicas: number }): Promise<boolean> {
  const flat = (await ask(port, ['SENTINEL', 'master', NAME])) as string[];
  const factOf = (name: string): number => Number(flat[flat.indexOf(name) + 1]);
  return factOf('num-other-sentinels') === expected.sentinels - 1 && factOf('num-slaves') === expected.replicas;
}

async function ask(port: number, [command = '', ...words]: string[]): Promise<unknown> {
  const redis = new Redis(port, '127.0.0.1', { lazyConnect: true, retryStrategy: () => null, connectTimeout: 2_000, commandTimeout: 2_000 });
  redis.on('error', () => undefined);
  try {
    await redis.connect();
    return await redis.call(command, ...words);
  } finally {
    redis.disconnect();
  }
}
