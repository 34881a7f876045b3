import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { LauncherError } from './launcher-error.js';
import { makeFolder } from './make-folder.js';

/** Takes the folder for this process, so that no two launchers write to the same stores. Returns what gives it back. */
export function claimDataFolder(dataDir: string): () => void {
  const folder = resolve(dataDir);
  const file = join(folder, 'launcher.pid');
  makeFolder(join(folder, 'logs'));
  const holder = readHolder(file);
  if (holder && holder.startedAt === processStartedAt(holder.pid)) {
    throw new LauncherError(`the data folder ${folder} is in use by the launcher with process id ${holder.pid}.`, ['Stop that one, or choose another folder and ports: TRIVET_DATA_DIR=.trivet-2 TRIVET_HTTP_PORT=8081']);
  }
  writeFileSync(file, JSON.stringify({ pid: process.pid, startedAt: processStartedAt(process.pid) }));
  return () => rmSync(file, { force: true });
}

interface Holder {
  pid: number;
  startedAt: string | undefined;
}

function readHolder(file: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

/** Tells a live process from another one that later got the same id. Undefined: no such process. Without /proc: 'unknown'. */
function processStartedAt(pid: number): string | undefined {
  try {
    process.kill(pid, 0);
  } catch {
    return undefined;
  }
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ')[19];
  } catch {
    return 'unknown';
  }
}
