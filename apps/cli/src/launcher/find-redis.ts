import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { embeddedRedisEntry, fetchEmbeddedRedis } from './embedded-redis.js';
import type { FindOptions } from './find-nats.js';
import { LauncherError } from './launcher-error.js';
import { findOnPath, formatMinimum, formatVersion, isAtLeast, MINIMUM_REDIS, readBinaryVersion } from './server-version.js';

/** Where the state lives: a server that already runs, a binary to start, or the embedded server (in memory, no ACL, relaxed durability). */
export type RedisChoice =
  | { kind: 'url'; url: string; description: string }
  | { kind: 'binary'; binary: string; description: string }
  | { kind: 'embedded'; entry: string; description: string };

export interface FindRedisOptions extends FindOptions {
  /** Whether this process may install Debian packages; default: root on a machine that has apt-get. */
  mayUseApt?: boolean;
}

const runFile = promisify(execFile);
const INSTALL_TIMEOUT_MS = 300_000;
const EMBEDDED_DESCRIPTION = 'the embedded js-redis-server (in memory, for trying out: nothing survives its end)';

/** The URL in the environment → a new-enough binary on PATH → the Debian package → the embedded server → one error that says how to get one. */
export async function findRedis(options: FindRedisOptions): Promise<RedisChoice> {
  if (options.url) return { kind: 'url', url: options.url, description: 'the server at TRIVET_REDIS_URL' };
  const onPath = lookOnPath(options.searchPath);
  if (onPath.choice) return onPath.choice;
  if (!options.noInstall && (options.mayUseApt ?? canUseApt(options.searchPath))) {
    const installed = await installWithApt(options);
    if (installed) return installed;
  }
  return useEmbedded(options, onPath.tooOld);
}

function lookOnPath(searchPath: string): { choice?: RedisChoice; tooOld: string[] } {
  const tooOld: string[] = [];
  for (const name of ['redis-server', 'valkey-server']) {
    for (const binary of findOnPath(name, searchPath)) {
      const version = readBinaryVersion(binary);
      if (version && isAtLeast(version, MINIMUM_REDIS)) return { choice: { kind: 'binary', binary, description: `${binary} ${formatVersion(version)}` }, tooOld };
      if (version) tooOld.push(`${binary} is ${formatVersion(version)}`);
    }
  }
  return { tooOld };
}

function canUseApt(searchPath: string): boolean {
  return process.getuid?.() === 0 && existsSync('/etc/debian_version') && findOnPath('apt-get', searchPath).length > 0;
}

/** A failed install is no error: the embedded server comes next, and says that it is one. */
async function installWithApt(options: FindRedisOptions): Promise<RedisChoice | undefined> {
  options.say?.('Installing redis-server with apt-get (TRIVET_NO_INSTALL=1 prevents that) …');
  // RUNLEVEL=1 keeps the package's script from starting a system-wide server on port 6379: the launcher starts its own.
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = () => runFile('apt-get', ['install', '-y', '--no-install-recommends', 'redis-server'], { timeout: INSTALL_TIMEOUT_MS, env: environment });
  try {
    await install().catch(async () => {
      await runFile('apt-get', ['update'], { timeout: INSTALL_TIMEOUT_MS, env: environment });
      await install();
    });
  } catch (error) {
    options.say?.(`apt-get could not install redis-server: ${error instanceof Error ? error.message.trim().split('\n').at(-1) : String(error)}`);
    return undefined;
  }
  return lookOnPath(options.searchPath).choice;
}

async function useEmbedded(options: FindRedisOptions, tooOld: string[]): Promise<RedisChoice> {
  const cached = embeddedRedisEntry(options.cacheDir);
  if (cached) return { kind: 'embedded', entry: cached, description: EMBEDDED_DESCRIPTION };
  if (options.noInstall) throw nothingFound(tooOld, 'installing one is switched off (TRIVET_NO_INSTALL or --offline)');
  options.say?.('No Redis here: fetching the embedded js-redis-server (in memory, for trying out) …');
  try {
    return { kind: 'embedded', entry: await fetchEmbeddedRedis(options.cacheDir), description: EMBEDDED_DESCRIPTION };
  } catch (error) {
    throw nothingFound(tooOld, error instanceof Error ? error.message : String(error));
  }
}

function nothingFound(tooOld: string[], reason: string): LauncherError {
  const seen = tooOld.length > 0 ? `${tooOld.join(', ')}, too old` : 'none on PATH';
  return new LauncherError(`Redis ${formatMinimum(MINIMUM_REDIS)} or newer (or Valkey) is needed: ${seen}; ${reason}.`, [
    'Debian, Ubuntu:  sudo apt-get install redis-server',
    'macOS:           brew install redis',
    'Docker:          docker run -d -p 6379:6379 redis:8 --appendonly yes --appendfsync always   and   export TRIVET_REDIS_URL=redis://127.0.0.1:6379',
  ]);
}
