import { readFileSync } from 'node:fs';
import { freePort } from './free-port.js';
import { startGuarded, type GuardedProcess } from './guarded-process.js';
import { LauncherError } from './launcher-error.js';

/** A broker or Redis that we started on loopback. */
export interface LocalServer {
  readonly port: number;
  readonly pid: number;
  /** SIGKILL, as a crash would; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it again on the same port with the same data (after ending it, when it still runs). */
  restart(): Promise<void>;
  stop(): Promise<void>;
  /** Resolves when the process that runs now has ended. */
  exited(): Promise<void>;
}

export interface LocalServerRecipe {
  name: string;
  /** Taken when free, else a free one. */
  wantedPort?: number;
  /** Writes what the server needs for this port and returns its command line. */
  prepare(port: number): { command: string; args: readonly string[] };
  /** Resolves when it answers; called again until it does. */
  probe(port: number): Promise<unknown>;
  logFile: string;
}

const READY_WITHIN_MS = 30_000;
const PORT_ATTEMPTS = 5;
const PROBE_EVERY_MS = 15;

/** Starts the server and waits until it answers. Throws a LauncherError with the end of its log when it does not. */
export async function startLocalServer(recipe: LocalServerRecipe): Promise<LocalServer> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort(attempt === 1 ? recipe.wantedPort : undefined);
    try {
      return control(recipe, port, await startOn(recipe, port));
    } catch (error) {
      // Somebody may have taken the port between the look and the start; anything else fails again just the same.
      if (attempt === PORT_ATTEMPTS || !isPortTaken(recipe.logFile)) throw error;
    }
  }
}

function control(recipe: LocalServerRecipe, port: number, first: GuardedProcess): LocalServer {
  let current = first;
  return {
    port,
    get pid() {
      return current.pid;
    },
    kill: async () => {
      current.kill('SIGKILL');
      await current.exited;
    },
    restart: async () => {
      await current.stop();
      current = await startOn(recipe, port);
    },
    stop: () => current.stop(),
    exited: async () => {
      await current.exited;
    },
  };
}

async function startOn(recipe: LocalServerRecipe, port: number): Promise<GuardedProcess> {
  const { command, args } = recipe.prepare(port);
  const started = startGuarded(command, args, { logFile: recipe.logFile });
  let ended = false;
  void started.exited.then(() => (ended = true));
  const deadline = Date.now() + READY_WITHIN_MS;
  while (!ended && Date.now() < deadline) {
    const answers = await recipe.probe(port).then(() => true, () => false);
    if (answers && !ended) return started;
    await new Promise((resolve) => setTimeout(resolve, PROBE_EVERY_MS));
  }
  await started.stop();
  throw new LauncherError(`${recipe.name} on port ${port} ${ended ? 'ended at once' : `did not answer within ${READY_WITHIN_MS / 1000} s`}; the end of ${recipe.logFile}:\n${endOf(recipe.logFile)}`);
}

function isPortTaken(logFile: string): boolean {
  return /address already in use|EADDRINUSE/i.test(endOf(logFile));
}

function endOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-8).join('\n');
  } catch {
    return '';
  }
}
