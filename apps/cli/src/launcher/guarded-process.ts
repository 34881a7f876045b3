import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { Writable } from 'node:stream';

export interface Ending {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A process of ours that cannot outlive us. */
export interface GuardedProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves once, when the process has ended, however that came about. */
  readonly exited: Promise<Ending>;
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM, then SIGKILL after the grace period; resolves when the process is gone. */
  stop(graceMs?: number): Promise<void>;
}

export interface GuardOptions {
  /** Output goes to this file; absent: `child.stdout` and `child.stderr` are pipes. */
  logFile?: string;
  env?: NodeJS.ProcessEnv;
  /** Opens a channel for messages; its closing tells the child that we are gone. */
  ipc?: boolean;
}

/**
 * The shell starts a watcher and then becomes the process, so that the pid is right from the start. The watcher reads
 * a pipe whose other end only we hold: a line means that all is over, end of file means that we died without a word
 * (kill -9). Then it ends the process, politely first (with a message channel the closed channel was polite enough;
 * a server waits a moment, so that the services can still bring their work to rest on it), and after six seconds its
 * whole process group for good.
 */
const GUARD = `
polite=$1; shift
(
  exec >/dev/null 2>&1 4<&-
  read -r word <&3 && exit 0
  [ "$polite" = term ] && sleep 1.5 && kill -TERM $$
  for i in 1 2 3 4 5 6 7 8 9 10 11 12; do kill -0 $$ || break; sleep 0.5; done
  kill -KILL -$$
) &
exec "$@" 3<&-
`;

const STOP_GRACE_MS = 5000;

/** Starts a process in its own process group: a Ctrl-C in the terminal reaches only us, and nothing it starts is forgotten. */
export function startGuarded(command: string, args: readonly string[], options: GuardOptions = {}): GuardedProcess {
  const log = options.logFile ? openSync(options.logFile, 'a') : undefined;
  const output = log ?? 'pipe';
  const stdio: StdioOptions = ['ignore', output, output, 'pipe', ...(options.ipc ? (['ipc'] as const) : [])];
  const child = spawn('sh', ['-c', GUARD, 'guard', options.ipc ? 'disconnect' : 'term', command, ...args], { detached: true, stdio, env: options.env ?? process.env });
  if (log !== undefined) closeSync(log);
  if (child.pid === undefined) throw new Error(`${command} could not be started: no process id`);
  const { pid } = child;
  const exited = watchExit(child, pid);
  const kill = (signal: NodeJS.Signals): void => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
  };
  if (!options.ipc) letLoopEnd(child);
  return { pid, child, exited, kill, stop: (graceMs = STOP_GRACE_MS) => stopChild(child, kill, exited, graceMs) };
}

function watchExit(child: ChildProcess, pid: number): Promise<Ending> {
  const leash = child.stdio[3];
  leash?.on('error', () => undefined);
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      if (leash instanceof Writable) leash.end('over\n');
      killGroup(pid);
      resolve({ code, signal });
    });
  });
}

/** What the process started and left behind, and its watcher. */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody is left: the usual case.
  }
}

/** A server keeps nobody's event loop alive; whoever uses it does. A service with a message channel does keep its launcher alive. */
function letLoopEnd(child: ChildProcess): void {
  child.unref();
  for (const stream of child.stdio) {
    if (stream && 'unref' in stream && typeof stream.unref === 'function') stream.unref();
  }
}

async function stopChild(child: ChildProcess, kill: (signal: NodeJS.Signals) => void, exited: Promise<Ending>, graceMs: number): Promise<void> {
  child.ref();
  kill('SIGTERM');
  const timer = setTimeout(() => kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(timer);
}
