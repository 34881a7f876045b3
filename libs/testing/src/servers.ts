import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
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
  /** Keeps a copy of its data as it is now; it is down for as long as that takes. */
  keepCopy(): Promise<void>;
  /** Runs again on the same port with the data of the copy: what was written since is lost. Without a copy, with none. */
  goBack(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

export interface TestServers {
  nats: TestServer;
  redis: TestServer;
  stop(): Promise<void>;
}

export const find = { searchPath: process.env['PATH'] ?? '', cacheDir };

/** A NATS server with JetStream; everybody may do everything. */
export async function startNats(): Promise<TestServer> {
  const choice = await findNats(find);
  if (choice.kind === 'url') throw new Error('unreachable: no URL was given');
  const dir = mkdtempSync(join(tmpdir(), 'trivet-nats-'));
  return toTestServer('nats', dir, await startNatsServer({ binary: choice.binary, dir }));
}

/** A Redis server; every write it answered is on disk, unless another policy is asked for. No users. */
export async function startRedis(options: RedisOptions = {}): Promise<TestServer> {
  const found = await findRedis(find);
  if (found.kind === 'url') throw new Error('unreachable: no URL was given');
  const choice = found.kind === 'binary' && options.programFor ? { ...found, binary: options.programFor(found.binary) } : found;
  const dir = mkdtempSync(join(tmpdir(), 'trivet-redis-'));
  return toTestServer('redis', dir, await startRedisServer({ choice, dir, appendFsync: options.appendfsync }));
}

export interface RedisOptions {
  appendfsync?: 'always' | 'everysec' | 'no';
  /** What to run in place of redis-server: a program that becomes it. */
  programFor?: (binary: string) => string;
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

/** What stands for several servers where one is expected: their common address; whatever is done to it is done to the first of them. */
export function asOneServer(nodes: readonly TestServer[], url: string): TestServer {
  const [first] = nodes;
  if (!first) throw new RangeError('There is no server among none.');
  return { ...first, url };
}

/** All data lies in folders; configuration and log beside them stay. */
const dataFolders = (dir: string): string[] => readdirSync(dir, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

function removeData(dir: string): void {
  for (const name of dataFolders(dir)) rmSync(join(dir, name), { recursive: true, force: true });
}

export function toTestServer(scheme: string, dir: string, server: LocalServer): TestServer {
  const copy = `${dir}-copy`;
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
      removeData(dir);
      await server.restart();
    },
    keepCopy: async () => {
      await server.kill();
      rmSync(copy, { recursive: true, force: true });
      mkdirSync(copy);
      for (const name of dataFolders(dir)) cpSync(join(dir, name), join(copy, name), { recursive: true });
      await server.restart();
    },
    goBack: async () => {
      await server.kill();
      removeData(dir);
      if (existsSync(copy)) cpSync(copy, dir, { recursive: true });
      await server.restart();
    },
    stop: async () => {
      await server.stop();
      for (const folder of [dir, copy]) rmSync(folder, { recursive: true, force: true });
    },
  };
}
