import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { LauncherError } from './launcher-error.js';

/**
 * Makes a folder and those above it, one by one. (Node's own way of doing so never returns where the system answers that
 * a folder it just saw is not there, as below /proc.)
 * @throws LauncherError naming the folder and why it cannot be made
 */
export function makeFolder(folder: string): void {
  const path = resolve(folder);
  if (isFolder(path)) return;
  if (dirname(path) !== path) makeFolder(dirname(path));
  try {
    mkdirSync(path);
  } catch (error) {
    if (isFolder(path)) return;
    throw new LauncherError(`the folder ${path} cannot be made (${error instanceof Error && 'code' in error ? String(error.code) : String(error)}).`, ['Choose one that can be written: TRIVET_DATA_DIR=.trivet']);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}
