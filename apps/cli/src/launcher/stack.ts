import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { canBind } from './free-port.js';
import { claimDataFolder } from './data-folder.js';
import { LauncherError } from './launcher-error.js';
import { serviceEnvironment, SERVICES, type Service } from './service-environment.js';
import { startServers, type Servers, type StartServersOptions } from './servers.js';
import { supervise, type ServiceLine, type Supervised } from './supervise.js';
import type { Ending } from './guarded-process.js';

export interface StackOptions extends StartServersOptions {
  httpPort: number;
  /** What the services inherit: vendors' keys, OpenTelemetry, and settings of their own. */
  environment: Readonly<Record<string, string | undefined>>;
  /** The script of each service. */
  scripts: Readonly<Record<Service, string>>;
  /** A crash point for the first start of a service. */
  crashAt?: Partial<Record<Service, string>>;
  onLine?: (line: ServiceLine) => void;
  onRestart?: (service: Service, ending: Ending) => void;
  /** Gives up the start; what was started by then is ended. */
  signal?: AbortSignal;
}

/** Brokers and the three services, running. */
export interface Stack {
  httpUrl: string;
  servers: Servers;
  services: Readonly<Record<Service, Supervised>>;
  /** Drains the services, then ends the brokers; within eight seconds. Safe to call twice. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const WHOLE_READY_WITHIN_MS = 30_000;
const READY_EVERY_MS = 50;
const SERVICE_GRACE_MS = 6000;

/** Starts everything and resolves when every service serves. Whatever goes wrong, nothing is left running. */
export async function startStack(options: StackOptions): Promise<Stack> {
  for (const service of SERVICES) if (!existsSync(options.scripts[service])) throw notBuilt(service, options.scripts[service]);
  if (!(await canBind(options.httpPort))) throw portTaken(options.httpPort);
  const dataDir = resolve(options.dataDir);
  const release = claimDataFolder(dataDir);
  const started: { servers?: Servers; services: Supervised[] } = { services: [] };
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopped ??= stopAll(started).finally(release));
  try {
    const servers = await startServers({ ...options, dataDir });
    started.servers = servers;
    const services = startServices(options, dataDir, servers);
    started.services = Object.values(services);
    const readiness = await withinReadyTime(services, dataDir, options.signal);
    const httpUrl = `http://127.0.0.1:${readiness.orchestrator.httpPort ?? options.httpPort}`;
    await untilReady(httpUrl, options.signal);
    return { httpUrl, servers, services, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function startServices(options: StackOptions, dataDir: string, servers: Servers): Record<Service, Supervised> {
  const start = (service: Service): Supervised =>
    supervise({
      name: service,
      script: options.scripts[service],
      environment: serviceEnvironment(service, { inherited: options.environment, servers, httpPort: options.httpPort, dataDir }),
      crashAt: options.crashAt?.[service],
      logFile: join(dataDir, 'logs', `${service}.log`),
      onLine: options.onLine,
      onRestart: (ending) => options.onRestart?.(service, ending),
    });
  return { orchestrator: start('orchestrator'), executor: start('executor'), model: start('model') };
}

async function withinReadyTime(services: Record<Service, Supervised>, dataDir: string, signal: AbortSignal | undefined): Promise<{ orchestrator: { httpPort?: number } }> {
  const waiting = new Set<Service>(SERVICES);
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new LauncherError(`${[...waiting].join(', ')} did not become ready within ${READY_WITHIN_MS / 1000} s; see ${join(dataDir, 'logs')}`)), READY_WITHIN_MS);
    const giveUp = (): void => reject(new LauncherError('the start was interrupted'));
    if (signal?.aborted) giveUp();
    signal?.addEventListener('abort', giveUp, { once: true });
  });
  const ready = (service: Service): Promise<{ httpPort?: number }> =>
    services[service].ready.then((readiness) => {
      waiting.delete(service);
      return readiness;
    });
  try {
    const [orchestrator] = await Promise.race([Promise.all([ready('orchestrator'), ready('executor'), ready('model')]), tooLate]);
    return { orchestrator };
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

async function stopAll(started: { servers?: Servers; services: Supervised[] }): Promise<void> {
  await Promise.all(started.services.map((service) => service.stop(SERVICE_GRACE_MS)));
  await started.servers?.stop();
}

function notBuilt(service: Service, script: string): LauncherError {
  return new LauncherError(`the ${service} is not built: ${script} is missing.`, ['npm run build']);
}

function portTaken(port: number): LauncherError {
  return new LauncherError(`port ${port} on 127.0.0.1 is taken, so the orchestrator cannot listen there.`, [`Choose another: TRIVET_HTTP_PORT=${port + 1}`]);
}
