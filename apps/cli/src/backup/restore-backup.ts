import { resolve } from 'node:path';
import { openSnapshots, type StreamSnapshots } from '@trivet/bus';
import { countKeys, redisVersion, restoreKeys } from '@trivet/state';
import { LauncherError } from '../launcher/launcher-error.js';
import { isLater, readManifest, type Manifest } from './manifest.js';
import { checkFile, readParts } from './saved-file.js';
import { formatBytes } from './take-backup.js';

export interface RestoreOptions {
  folder: string;
  nats: string;
  redis: string;
  version: string;
  say: (line: string) => void;
}

/** Restores a backup into empty servers; all that can be wrong with it is looked at before anything is written. */
export async function restoreBackup(options: RestoreOptions): Promise<Manifest> {
  const folder = resolve(options.folder);
  const manifest = readManifest(folder, options.version);
  for (const file of [...(manifest.redis ? [manifest.redis] : []), ...manifest.streams]) await checkFile(folder, file);
  options.say(`The backup of ${manifest.startedAt} is whole.`);
  const snapshots = await openSnapshots({ url: options.nats, name: 'trivet-restore' });
  try {
    await requireEmpty(snapshots, options.redis);
    if (manifest.redis) await restoreRedis(folder, manifest.redis, options);
    for (const stream of manifest.streams) {
      await snapshots.restore(stream.name, stream, readParts(folder, stream));
      options.say(`NATS:  ${stream.name}, ${stream.state.messages.toLocaleString('en')} messages restored`);
    }
    return manifest;
  } finally {
    await snapshots.close();
  }
}

async function requireEmpty(snapshots: StreamSnapshots, redis: string): Promise<void> {
  const [streams, keyCount] = [await snapshots.present(), await countKeys(redis)];
  if (streams.length === 0 && keyCount === 0) return;
  const found = [...(keyCount > 0 ? [`Redis has ${keyCount} key${keyCount === 1 ? '' : 's'}`] : []), ...(streams.length > 0 ? [`NATS has the stream${streams.length === 1 ? '' : 's'} ${streams.map(({ name, messages }) => `${name} (${messages} messages)`).join(', ')}`] : [])];
  throw new LauncherError(`a backup is restored into empty servers only; ${found.join(', and ')}.`, ['Stop all services, which make streams by themselves, and start NATS and Redis with empty data folders.']);
}

async function restoreRedis(folder: string, saved: NonNullable<Manifest['redis']>, { redis, say }: RestoreOptions): Promise<void> {
  const version = await redisVersion(redis);
  if (isLater(majorOf(saved.version), majorOf(version))) throw new LauncherError(`the backup was written by Redis ${saved.version}, and this one is ${version}, which may not read it.`, [`Use Redis ${majorOf(saved.version).replace(/\.0\.0$/, '')} or later.`]);
  say(`Redis: restoring ${formatBytes(saved.bytes)} …`);
  say(`Redis: ${(await restoreKeys(redis, readParts(folder, saved))).toLocaleString('en')} keys restored`);
}

const majorOf = (version: string): string => `${version.split('.')[0] ?? '0'}.0.0`;
