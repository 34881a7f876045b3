import { spawn, type ChildProcess } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Role } from '@trivet/cli';
import type { Service } from '@trivet/contracts';

const APPS = fileURLToPath(new URL('../../../apps', import.meta.url));

/** How a process ended that was asked to. */
export interface Replacement {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** From the request to its end. */
  endedInMs: number;
}

export interface ServiceProcess {
  readonly service: Role;
  readonly pid: number;
  /** How often it was started. */
  readonly starts: number;
  /** Whether the process that runs now has come up. */
  readonly isReady: boolean;
  /** SIGKILL; the supervisor starts it again at once. */
  kill: () => void;
  /** SIGKILL; resolves when the process that is started in its place is ready. */
  crash: () => Promise<void>;
  signal: (name: NodeJS.Signals) => void;
  /** The next process that is started here kills itself at this crash point; the one after it has none. */
  crashNext: (at: string) => void;
  /** Asks it to end (SIGTERM), as a new version of it would be brought out; resolves when its successor is ready. */
  replace: () => Promise<Replacement>;
  /** SIGKILL, and it is not started again. */
  end: () => Promise<void>;
  /** SIGTERM, and it is not started again: what a scaler does that takes one away. */
  leave: () => Promise<Replacement>;
  /** The ports of its /metrics and /readyz, while it is ready: of each tier in it one. */
  adminPorts: () => Partial<Record<Service, number>>;
}

/** What a process says when it is ready. */
interface Ready {
  httpPort?: number;
  adminPorts?: Partial<Record<Service, number>>;
}

export interface Supervised extends ServiceProcess {
  environment: Record<string, string>;
  ready: Promise<{ httpPort?: number }>;
  /** Its HTTP port, while it serves. */
  servingAt: () => number | undefined;
}

/** Starts a service, and again whenever it ends, until it is told not to. `lines` gets what it prints. */
export function supervise(service: Role, environment: Record<string, string>, crashAt: string | undefined, lines: string[]): Supervised {
  let child: ChildProcess;
  let starts = 0;
  let stopping = false;
  let nextCrash = crashAt;
  const whenReady: ((ready: { httpPort?: number }) => void)[] = [];
  const nextReady = (): Promise<{ httpPort?: number }> => new Promise((resolve) => whenReady.push(resolve));
  const ready = nextReady();
  let isReady = false;
  let port: number | undefined;
  let adminPorts: Partial<Record<Service, number>> = {};
  const onReady = (message: Ready): void => {
    isReady = true;
    port = message.httpPort;
    adminPorts = message.adminPorts ?? {};
    whenReady.splice(0).forEach((tell) => tell(message));
  };
  const launch = (): void => {
    starts += 1;
    isReady = false;
    child = startProcess(service, { ...environment, ...(nextCrash ? { TRIVET_CRASH_AT: nextCrash } : {}) });
    nextCrash = undefined;
    for (const output of [child.stdout, child.stderr]) output?.on('data', (data) => lines.push(String(data)));
    child.on('message', (message) => onReady(message as Ready));
    child.on('exit', (code, signal) => {
      lines.push(`[${service} ${child.pid} ended: ${signal ?? code}]\n`);
      if (!stopping) launch();
    });
  };
  launch();
  return {
    service,
    environment,
    ready,
    get pid() {
      return child.pid ?? 0;
    },
    get starts() {
      return starts;
    },
    servingAt: () => (isReady ? port : undefined),
    adminPorts: () => (isReady ? adminPorts : {}),
    get isReady() {
      return isReady;
    },
    kill: () => void child.kill('SIGKILL'),
    crash: () => crashed(child, nextReady()),
    signal: (name) => void child.kill(name),
    crashNext: (at) => (nextCrash = at),
    replace: () => replaced(child, nextReady()),
    leave: () => {
      stopping = true;
      return drained(child);
    },
    end: async () => {
      stopping = true;
      await killed(child);
    },
  };
}

/**
 * Replaces processes by ones that kill themselves at a crash point, each once. Which of them gets the work is for the
 * system to say: as many of them die as get it.
 *
 * @returns how many have died since
 */
export async function armEach(processes: readonly ServiceProcess[], at: string): Promise<() => number> {
  await Promise.all(processes.map((process) => {
    process.crashNext(at);
    return process.replace();
  }));
  const armed = processes.map((process) => ({ process, starts: process.starts }));
  return () => armed.reduce((sum, { process, starts }) => sum + process.starts - starts, 0);
}

function startProcess(service: Role, environment: Record<string, string>): ChildProcess {
  const env = { PATH: process.env['PATH'] ?? '', ...environment };
  return spawn(process.execPath, ['--no-warnings', '--max-semi-space-size=32', join(APPS, service, 'dist', 'main.js')], { cwd: dirname(APPS), env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
}

async function crashed(child: ChildProcess, succeeded: Promise<unknown>): Promise<void> {
  child.kill('SIGKILL');
  await succeeded;
}

async function replaced(child: ChildProcess, succeeded: Promise<unknown>): Promise<Replacement> {
  const replacement = await drained(child);
  await succeeded;
  return replacement;
}

async function drained(child: ChildProcess): Promise<Replacement> {
  const askedAt = performance.now();
  const ended = new Promise<Replacement>((resolve) => child.once('exit', (code, signal) => resolve({ code, signal, endedInMs: performance.now() - askedAt })));
  child.kill('SIGTERM');
  return ended;
}

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await gone;
}
