import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Major, minor and patch. */
export type Version = readonly [number, number, number];

/** NATS before 2.12 lacks message scheduling and per-message TTL; it ignores some of them silently. */
export const MINIMUM_NATS: Version = [2, 12, 0];
/** Redis (and Valkey, which started from 7.2) before 7 lacks ACL selectors and multi-part AOF. */
export const MINIMUM_REDIS: Version = [7, 0, 0];

/** The first `1.2.3` in a text, or undefined. */
export function parseVersion(text: string): Version | undefined {
  const match = /(\d+)\.(\d+)\.(\d+)/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3])] : undefined;
}

export function isAtLeast(version: Version, minimum: Version): boolean {
  for (const part of [0, 1, 2] as const) {
    if (version[part] !== minimum[part]) return version[part] > minimum[part];
  }
  return true;
}

export function formatVersion(version: Version): string {
  return version.join('.');
}

/** `2.12` rather than `2.12.0`: the way a minimum is spoken of. */
export function formatMinimum(version: Version): string {
  return version[1] === 0 ? String(version[0]) : `${version[0]}.${version[1]}`;
}

/** Every executable of that name, in the order of the search path. */
export function findOnPath(name: string, searchPath: string): string[] {
  return searchPath.split(delimiter).filter((folder) => folder !== '').map((folder) => join(folder, name)).filter(isExecutable);
}

/** What `<binary> --version` says, or undefined when it does not run or says no version. */
export function readBinaryVersion(binary: string): Version | undefined {
  try {
    return parseVersion(execFileSync(binary, ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], timeout: 5000 }));
  } catch {
    return undefined;
  }
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
