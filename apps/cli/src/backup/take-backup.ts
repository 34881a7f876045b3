import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openSnapshots, type StreamSnapshots } from '@trivet/bus';
import { copyAtOneMoment, dumpKeys, redisVersion } from '@trivet/state';
import { UsageError } from '../exit-codes.js';
import { readOrMakePasswords } from '../launcher/credentials.js';
import { findRedis, type FindRedisOptions } from '../launcher/find-redis.js';
import { LauncherError } from '../launcher/launcher-error.js';
import { startRedisServer } from '../launcher/redis-server.js';
import { FORMAT, MANIFEST, type Manifest } from './manifest.js';
import { createFile } from './saved-file.js';

export interface BackupOptions {
  folder: string;
  nats: string;
  /** null: only NATS. */
  redis: string | null;
  version: string;
  /** How long Redis may take to hand over its copy. */
  withinMs: number;
  find: Omit<FindRedisOptions, 'url'>;
  say: (line: string) => void;
}

/**
 * Backs up Redis as it was at one moment, and then the streams: so the journal is never older than Redis, and what is between them
 * is healed as after any loss of Redis. The manifest comes last; a folder without one holds no backup.
 */
export async function takeBackup(options: BackupOptions): Promise<Manifest> {
  const folder = resolve(options.folder);
  makeEmptyFolder(folder);
  const startedAt = new Date().toISOString();
  const snapshots = await openSnapshots({ url: options.nats, name: 'trivet-backup' });
  try {
    const names = await streamsOf(snapshots);
    const redis = options.redis === null ? null : await saveRedis({ ...options, redis: options.redis, folder });
    const streams = await saveStreams(snapshots, names, folder, options.say);
    const manifest: Manifest = { format: FORMAT, trivet: options.version, startedAt, finishedAt: new Date().toISOString(), redis, streams };
    writeFileSync(join(folder, MANIFEST), `${JSON.stringify(manifest, null, 2)}\n`, { mode: 0o600, flush: true });
    return manifest;
  } finally {
    await snapshots.close();
  }
}

async function streamsOf(snapshots: StreamSnapshots): Promise<string[]> {
  const present = new Set((await snapshots.present()).map(({ name }) => name));
  if (!present.has('EVENTS')) throw new UsageError('this NATS server has no stream EVENTS: no orchestrator has ever run on it, or it is another server');
  return snapshots.names.filter((name) => present.has(name));
}

function makeEmptyFolder(folder: string): void {
  // What is in it is the work of all tenants.
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const found = readdirSync(folder);
  if (found.length > 0) throw new UsageError(`the folder ${folder} is not empty (${found.slice(0, 3).join(', ')}${found.length > 3 ? ', …' : ''}); choose a new one for each backup`);
}

async function saveRedis({ folder, redis, withinMs, find, say }: BackupOptions & { redis: string }): Promise<NonNullable<Manifest['redis']>> {
  const choice = await findRedis(find);
  if (choice.kind !== 'binary') throw new LauncherError('a backup needs a redis-server program on this machine, which takes the copy.', ['apt-get install redis-server, or brew install redis', 'Or back up NATS alone: --nats-only']);
  const dir = mkdtempSync(join(folder, 'copy-'));
  const passwords = readOrMakePasswords(join(dir, 'credentials.json'));
  const server = await startRedisServer({ choice, dir, appendFsync: 'no', passwords });
  try {
    const copy = `redis://orchestrator:${passwords.orchestrator}@127.0.0.1:${server.port}`;
    say('Redis: taking a copy of one moment …');
    await copyAtOneMoment(copy, redis, withinMs);
    const file = createFile(folder, 'redis.keys');
    for await (const record of dumpKeys(copy)) await file.write(record);
    const saved = await file.finish();
    say(`Redis: ${formatBytes(saved.bytes)} kept`);
    return { ...saved, version: await redisVersion(copy) };
  } finally {
    await server.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function saveStreams(snapshots: StreamSnapshots, names: readonly string[], folder: string, say: BackupOptions['say']): Promise<Manifest['streams']> {
  const saved: Manifest['streams'] = [];
  for (const name of names) {
    const file = createFile(folder, `${name}.snapshot`);
    const { config, state } = await snapshots.save(name, file.write);
    saved.push({ name, ...(await file.finish()), config: { ...config }, state });
    say(`NATS:  ${name}, ${state.messages.toLocaleString('en')} messages kept`);
  }
  return saved;
}

export const formatBytes = (bytes: number): string => (bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`);
