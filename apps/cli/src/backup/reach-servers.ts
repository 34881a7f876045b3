import { join, resolve } from 'node:path';
import type { CliConfig, Environment } from '../cli.config.js';
import { UsageError } from '../exit-codes.js';
import { readOrMakePasswords } from '../launcher/credentials.js';
import { claimDataFolder } from '../launcher/data-folder.js';
import { LauncherError } from '../launcher/launcher-error.js';
import { cacheDir } from '../launcher/project-paths.js';
import { startServers } from '../launcher/servers.js';

export interface ReachedServers {
  /** With a user who may do everything. */
  nats: string;
  redis: string;
  /** Ends what was started for this. */
  stop: () => Promise<void>;
}

export interface ReachOptions {
  config: CliConfig;
  environment: Environment;
  /** Whether servers that a launcher runs already will do. */
  mayRun: boolean;
  say: (line: string) => void;
}

/** The servers that the environment names; else those of the data folder, which are started for as long as it takes when no launcher runs them. */
export async function reachServers({ config, environment, mayRun, say }: ReachOptions): Promise<ReachedServers> {
  const { natsUrl, redisUrl } = config;
  if (natsUrl && redisUrl) return { nats: natsUrl, redis: redisUrl, stop: () => Promise.resolve() };
  if (natsUrl || redisUrl) throw new UsageError(`${natsUrl ? 'TRIVET_REDIS_URL' : 'TRIVET_NATS_URL'} is not set, and the other is: name both servers, or neither for those of the data folder`);
  const dataDir = resolve(config.dataDir);
  let release: () => void;
  try {
    release = claimDataFolder(dataDir);
  } catch (error) {
    if (!mayRun || !(error instanceof LauncherError)) throw error;
    return running(config, dataDir);
  }
  try {
    const servers = await startServers({ dataDir, natsPort: config.natsPort, redisPort: config.redisPort, find: { searchPath: environment['PATH'] ?? '', cacheDir, noInstall: config.noInstall, say } });
    if (servers.relaxed) {
      await servers.stop();
      throw new LauncherError('the embedded Redis keeps nothing, so there is nothing to back up or to restore into.', ['Install redis-server: apt-get install redis-server, or brew install redis']);
    }
    const stop = async (): Promise<void> => {
      await servers.stop();
      release();
    };
    return { nats: servers.urls.bootstrap.nats, redis: servers.urls.bootstrap.redis, stop };
  } catch (error) {
    release();
    throw error;
  }
}

function running({ natsPort, redisPort }: CliConfig, dataDir: string): ReachedServers {
  const { bootstrap, orchestrator } = readOrMakePasswords(join(dataDir, 'credentials.json'));
  return { nats: `nats://bootstrap:${bootstrap}@127.0.0.1:${natsPort}`, redis: `redis://orchestrator:${orchestrator}@127.0.0.1:${redisPort}`, stop: () => Promise.resolve() };
}
