import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canBind } from './free-port.js';
import { claimDataFolder } from './data-folder.js';
import type { Ending } from './guarded-process.js';
import { LauncherError } from './launcher-error.js';
import { DEFAULT_LAYOUT, bears, processesOf, type Layout, type PlannedProcess, type Role } from './layout.js';
import { serviceEnvironment } from './service-environment.js';
import { startServers, type Servers, type StartServersOptions } from './servers.js';
import { supervise, type ServiceLine, type Supervised } from './supervise.js';
import { startTcpFront, type TcpFront } from './tcp-front.js';

export interface StackOptions extends StartServersOptions {
  httpPort: number;
  /** How the tiers lie on processes; default: one each. */
  layout?: Layout;
  /** What the services inherit: vendors' keys, OpenTelemetry, and settings of their own. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The script of a process that bears this tier, or all. */
  scriptOf: (role: Role) => string;
  /** A crash point for the first start of the first process that bears a tier. */
  crashAt?: Partial<Record<Role, string>>;
  onLine?: (line: ServiceLine) => void;
  /** @param name of the process: its tier, `one`, or a tier with a number */
  onRestart?: (name: string, ending: Ending) => void;
  /** Gives up the start; what was started by then is ended. */
  signal?: AbortSignal;
}

/** Brokers and the services, running. */
export interface Stack {
  httpUrl: string;
  servers: Servers;
  /** Every process of ours besides the brokers. */
  processes: readonly RunningProcess[];
  /** Drains the services, then ends the brokers; within eight seconds. Safe to call twice. */
  stop(): Promise<void>;
}

export type RunningProcess = PlannedProcess & { supervised: Supervised };

const READY_WITHIN_MS = 60_000;
const WHOLE_READY_WITHIN_MS = 30_000;
const READY_EVERY_MS = 50;
const SERVICE_GRACE_MS = 6000;

interface Started {
  servers?: Servers;
  front?: TcpFront;
  processes: readonly RunningProcess[];
}

/** Starts everything and resolves when every service serves. Whatever goes wrong, nothing is left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const layout = options.layout ?? DEFAULT_LAYOUT;
  for (const { role } of processesOf(layout)) if (!existsSync(options.scriptOf(role))) throw notBuilt(role, options.scriptOf(role));
  if (!(await canBind(options.httpPort))) throw portTaken(options.httpPort);
  const dataDir = resolve(options.dataDir);
  const release = claimDataFolder(dataDir);
  const started: Started = { processes: [] };
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll(started).finally(release));
  try {
    const servers = await startServers({ ...options, dataDir });
    started.servers = servers;
    const processes = startProcesses(options, layout, dataDir, servers);
    started.processes = processes;
    if (layout.shape === 'scaled') started.front = await openFront(options, processes);
    await withinReadyTime(processes, dataDir, options.signal);
    const own = processes.find((each) => bears(each, 'orchestrator'))?.supervised.serving?.httpPort;
    const httpUrl = `http://127.0.0.1:${started.front?.port ?? own ?? options.httpPort}`;
    await untilReady(httpUrl, options.signal);
    return { httpUrl, servers, processes, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startProcesses(options: StackOptions, layout: Layout, dataDir: string, servers: Servers): RunningProcess[] {
  const { shape } = layout;
  // Behind a front each orchestrator takes a port of its own.
  const httpPort = shape === 'scaled' ? 0 : options.httpPort;
  return processesOf(layout).map((planned) => {
    const { name, role, index } = planned;
    const supervised = supervise({
      name,
      script: options.scriptOf(role),
      environment: serviceEnvironment(planned, { inherited: options.environment, servers, httpPort, dataDir, shape }),
      crashAt: index === 0 ? options.crashAt?.[role] : undefined,
      logFile: join(dataDir, 'logs', `${name}.log`),
      onLine: options.onLine,
      onRestart: (ending) => options.onRestart?.(name, ending),
    });
    return { ...planned, supervised };
  });
}

/** One address before all orchestrators; it listens where a single one would. */
function openFront({ httpPort, environment }: StackOptions, processes: readonly RunningProcess[]): Promise<TcpFront> {
  const orchestrators = processes.filter((each) => bears(each, 'orchestrator'));
  const backends = (): number[] => orchestrators.flatMap(({ supervised }) => supervised.serving?.httpPort ?? []);
  return startTcpFront({ port: httpPort, host: environment['TRIVET_HTTP_HOST'] || '127.0.0.1', backends });
}

async function withinReadyTime(processes: readonly RunningProcess[], dataDir: string, signal: AbortSignal | undefined): Promise<void> {
  const waiting = new Set(processes.map(({ name }) => name));
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LauncherError(`${[...waiting].join(', ')} did not become ready within ${READY_WITHIN_MS / 1000} s; see ${join(dataDir, 'logs')}`)), READY_WITHIN_MS);
    const giveUp = (): void => reject(new LauncherError('the start was interrupted'));
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
  });
  const ready = async ({ name, supervised }: RunningProcess): Promise<void> => {
    await supervised.ready;
    waiting.delete(name);
  };
  try {
    await Promise.race([Promise.all(processes.map(ready)), tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/** Each service serves; the whole is ready when the orchestrator says so, which knows the tools by then. */
async function untilReady(httpUrl: string, signal: AbortSignal | undefined): Promise<void> {
  const deadline = Date.now() + WHOLE_READY_WITHIN_MS;
  for (;;) {
    const answer = await fetch(`${httpUrl}/readyz?verbose`, { signal: AbortSignal.timeout(1000) }).catch(() => undefined);
    if (answer?.ok) return;
    if (signal?.aborted) throw new LauncherError('the start was interrupted');
    if (Date.now() > deadline) throw new LauncherError(`the services run, but ${httpUrl}/readyz?verbose does not say that they are ready: ${answer ? (await answer.text()).slice(0, 500) : 'no answer'}`);
    await new Promise((resolve) => setTimeout(resolve, READY_EVERY_MS));
  }
}

async function stopAll(started: Started): Promise<void> {
  await Promise.all(started.processes.map(({ supervised }) => supervised.stop(SERVICE_GRACE_MS)));
  await started.front?.close();
  await started.servers?.stop();
}

function notBuilt(role: Role, script: string): LauncherError {
  return new LauncherError(`${role === 'one' ? 'the process for all tiers' : `the ${role}`} is not built: ${script} is missing.`, ['npm run build']);
}

function portTaken(port: number): LauncherError {
  return new LauncherError(`port ${port} on 127.0.0.1 is taken, so the orchestrator cannot listen there.`, [`Choose another: TRIVET_HTTP_PORT=${port + 1}`]);
}
