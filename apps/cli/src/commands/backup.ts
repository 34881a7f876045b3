import type { CliContext } from '../context.js';
import { EXIT } from '../exit-codes.js';
import { cacheDir } from '../launcher/project-paths.js';
import type { Registry } from '../program.js';
import { readWhole } from './numbers.js';
import { readVersion } from './version.js';

/** Longer than most data sets take on a local network. */
const WITHIN_S = 600;

/** backup and restore: they speak to NATS and Redis themselves, so no service need run. */
export function registerBackup({ program, action }: Registry): void {
  program.command('backup').argument('<folder>', 'a new one').option('--nats-only', 'leave Redis to the snapshots of whoever runs it').option('--within <s>', 'how long Redis may take to hand over its copy', String(WITHIN_S))
    .description('back up NATS and Redis while they work (TRIVET_NATS_URL and TRIVET_REDIS_URL; else those of the data folder)').action(action(backup));
  program.command('restore').argument('<folder>', 'of a backup').description('restore a backup into empty servers, before any service is started').action(action(restore));
}

async function backup({ config, environment, print, note }: CliContext, [folder = '']: string[], options: Record<string, unknown>): Promise<number> {
  const withinMs = (readWhole(options['within'], '--within', { min: 1 }) ?? WITHIN_S) * 1_000;
  // Loaded here: no other command needs the clients of both servers.
  const [{ reachServers }, { takeBackup }] = await Promise.all([import('../backup/reach-servers.js'), import('../backup/take-backup.js')]);
  const servers = await reachServers({ config, environment, mayRun: true, say: note });
  try {
    const find = { searchPath: environment['PATH'] ?? '', cacheDir, noInstall: config.noInstall, say: note };
    const manifest = await takeBackup({ folder, nats: servers.nats, redis: options['natsOnly'] === true ? null : servers.redis, version: readVersion(), withinMs, find, say: note });
    print.one(manifest, `the backup of ${manifest.startedAt} is in ${folder}; it holds the work of all tenants, so keep it as you keep the servers`);
    return EXIT.ok;
  } finally {
    await servers.stop();
  }
}

async function restore({ config, environment, print, note }: CliContext, [folder = '']: string[]): Promise<number> {
  const [{ reachServers }, { restoreBackup }] = await Promise.all([import('../backup/reach-servers.js'), import('../backup/restore-backup.js')]);
  const servers = await reachServers({ config, environment, mayRun: false, say: note });
  try {
    const manifest = await restoreBackup({ folder, nats: servers.nats, redis: servers.redis, version: readVersion(), say: note });
    print.one(manifest, `the backup of ${manifest.startedAt} is restored; start the services`);
    return EXIT.ok;
  } finally {
    await servers.stop();
  }
}
