import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cacheDir, findNats, findRedis, startNatsServer, startRedisServer, type LocalServer } from '@trivet/cli';

/** A real server on a random loopback port, with a folder of its own; ends with the test process, however that ends. */
export interface TestServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Runs again on the same port with the same data, after a kill or while it still runs. */
  restart(): Promise<void>;
  /** Runs again on the same port with nothing left of its data. */
  wipe(): Promise<void>;
  /** A copy of its data as it is now, which may be put back later: it then runs again with that. */
  copy(): Promise<{ putBack: () => Promise<void> }>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface TestServers {
  nats: TestServer;
  redis: TestServer;
  stop(): Promise<void>;
}

const find = { searchPath: process.env['PATH'] ?? '', cacheDir };

/** A NATS server with JetStream; everybody may do everything. */
export async function startNats(): Promise<TestServer> {
  const choice = await findNats(find);
  if (choice.kind === 'url') throw new Error('unreachable: no URL was given');
  const dir = mkdtempSync(join(tmpdir(), 'trivet-nats-'));
  return wrap('nats', dir, await startNatsServer({ binary: choice.binary, dir }));
}

/** A Redis server; every write it answered is on disk, unless another policy is asked for. No users. */
export async function startRedis(options: { appendfsync?: 'always' | 'everysec' | 'no' } = {}): Promise<TestServer> {
  const choice = await findRedis(find);
  if (choice.kind === 'url') throw new Error('unreachable: no URL was given');
  const dir = mkdtempSync(join(tmpdir(), 'trivet-redis-'));
  return wrap('redis', dir, await startRedisServer({ choice, dir, appendFsync: options.appendfsync }));
}

export async function startServers(): Promise<TestServers> {
  const [nats, redis] = await Promise.all([startNats(), startRedis()]);
  return {
    nats,
    redis,
    stop: async () => {
      await Promise.all([nats.stop(), redis.stop()]);
    },
  };
}

function wrap(scheme: string, dir: string, server: LocalServer): TestServer {
  return {
    url: `${scheme}://127.0.0.1:${server.port}`,
    port: server.port,
    get pid() {
      return server.pid;
    },
    kill: () => server.kill(),
    restart: () => server.restart(),
    wipe: async () => {
      await server.kill();
      for (const entry of readdirSync(dir, { withFileTypes: true })) if (entry.isDirectory()) rmSync(join(dir, entry.name), { recursive: true, force: true });
      await server.restart();
    },
    copy: async () => {
      const kept = mkdtempSync(join(tmpdir(), 'trivet-copy-'));
      await server.kill();
      cpSync(dir, kept, { recursive: true });
      await server.restart();
      return {
        putBack: async () => {
          await server.kill();
          for (const entry of readdirSync(kept, { withFileTypes: true })) {
            if (!entry.isDirectory()) continue;
            rmSync(join(dir, entry.name), { recursive: true, force: true });
            cpSync(join(kept, entry.name), join(dir, entry.name), { recursive: true });
          }
          await server.restart();
          rmSync(kept, { recursive: true, force: true });
        },
      };
    },
    stop: async () => {
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
