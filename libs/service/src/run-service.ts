import { randomBytes } from 'node:crypto';
import { createAdminRoutes, type AdminRoutes, type MetricsSource } from './admin-routes.js';
import { startAdminServer, type AdminServer } from './admin-server.js';
import { installCrashPoint } from './crash-point.js';
import { drain } from './drain.js';
import { createHealth, type Health } from './health.js';
import { ConfigError } from './load-config.js';
import type { ServiceLogger } from './service-logger.js';
import type { StartedService } from './started-service.js';

/** What every service's configuration holds (COMMON_VARIABLES gives it). */
export interface CommonConfig {
  adminPort: number;
  adminHost: string;
  drainTimeoutMs: number;
  workerId?: string | undefined;
  crashAt?: string | undefined;
}

/** What a service gets when it starts. */
export interface ServiceRuntime<Config, Logger extends ServiceLogger = ServiceLogger> {
  config: Config;
  logger: Logger;
  service: string;
  version: string;
  workerId: string;
  health: Health;
  /** The admin routes, for a service that shows them on its public port too. */
  adminRoutes: AdminRoutes;
  setMetrics(metrics: MetricsSource): void;
  /** Aborted when the service is asked to stop. */
  stopping: AbortSignal;
}

export interface ServiceDefinition<Config extends CommonConfig, Logger extends ServiceLogger> {
  name: string;
  version: string;
  /** Reads the configuration; a ConfigError it throws is printed and the process exits with 78. */
  loadConfig: () => Config;
  createLogger: (config: Config, workerId: string) => Logger;
  start: (runtime: ServiceRuntime<Config, Logger>) => Promise<StartedService>;
}

/** A process that found itself in a state it was not written for (EX_SOFTWARE of sysexits.h). */
const EXIT_SOFTWARE = 70;
/** Ended by a second signal. */
const EXIT_INTERRUPTED = 130;

/**
 * The life of a service's process, from main.ts: configuration, health, start, and on SIGTERM, SIGINT or the loss of the
 * parent that started it a drain (interfaces: /readyz turns 503 first) and exit 0. A second signal ends it at once
 * with 130; an error nobody caught with 70, after it was logged.
 */
export async function runService<Config extends CommonConfig, Logger extends ServiceLogger>(definition: ServiceDefinition<Config, Logger>): Promise<void> {
  const config = readConfig(definition);
  const workerId = config.workerId ?? createWorkerId(definition.name);
  const logger = definition.createLogger(config, workerId);
  endOnUncaught(logger);
  if (config.crashAt) logger.warn({ crashAt: config.crashAt }, 'A crash point is armed: this process will kill itself there');
  installCrashPoint(config.crashAt);

  const health = createHealth();
  const identity = { service: definition.name, version: definition.version, workerId };
  const adminRoutes = createAdminRoutes(identity, health);
  const stopping = new AbortController();
  const admin = await startAdminServer(adminRoutes, { port: config.adminPort, host: config.adminHost }).catch((error: unknown) => exitWith(error, logger));
  const runtime = { ...identity, config, logger, health, adminRoutes, setMetrics: adminRoutes.setMetrics, stopping: stopping.signal };
  // Listens for signals before the start begins, so that none ends a service half-way up.
  let starting: Promise<StartedService> = Promise.resolve({});
  onStop(logger, () => {
    health.setPhase('draining');
    stopping.abort();
    void stop(starting, admin, config.drainTimeoutMs, logger);
  });
  starting = definition.start(runtime);
  const started = await starting.catch((error: unknown) => (stopping.signal.aborted ? undefined : exitWith(error, logger)));
  if (!started || stopping.signal.aborted) return;
  health.setPhase('running');
  process.send?.({ ready: true, httpPort: started.httpPort, adminPort: admin.port });
  logger.info({ httpPort: started.httpPort, adminPort: admin.port, pid: process.pid, version: definition.version }, 'The service is running');
}

/** An id no other process has: what the service is, and enough randomness for any fleet. */
export const createWorkerId = (service: string): string => `${service}-${randomBytes(6).toString('hex')}`;

function readConfig<Config extends CommonConfig, Logger extends ServiceLogger>(definition: ServiceDefinition<Config, Logger>): Config {
  try {
    return definition.loadConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${definition.name}: ${error.message}\n`);
    process.exit(error.exitCode);
  }
}

function endOnUncaught(logger: ServiceLogger): void {
  const end = (reason: unknown) => {
    logger.fatal({ err: reason }, 'An error nobody caught; the process ends and another takes its work');
    process.exit(EXIT_SOFTWARE);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}

function exitWith(error: unknown, logger: ServiceLogger): never {
  if (error instanceof ConfigError) {
    logger.fatal({ problems: error.problems }, error.message);
    process.exit(error.exitCode);
  }
  logger.fatal({ err: error }, 'The service could not start');
  process.exit(EXIT_SOFTWARE);
}

/**
 * One Ctrl-C often arrives more than once: from the terminal, from npm, and from the launcher as SIGTERM. What comes
 * this soon after the first is the same request, not a second one.
 */
const SAME_REQUEST_MS = 500;

/** Calls `stop` on the first signal, or when the parent that started this process is gone; ends at once on the second. */
function onStop(logger: ServiceLogger, stop: () => void): void {
  let stoppedAt: number | undefined;
  const begin = (reason: string) => {
    if (stoppedAt !== undefined) return;
    stoppedAt = performance.now();
    logger.info({ reason }, 'The service stops');
    stop();
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => {
      if (stoppedAt !== undefined && performance.now() - stoppedAt > SAME_REQUEST_MS) process.exit(EXIT_INTERRUPTED);
      begin(signal);
    });
  }
  if (process.connected) process.on('disconnect', () => begin('the parent process is gone'));
}

async function stop(starting: Promise<StartedService>, admin: AdminServer, drainTimeoutMs: number, logger: ServiceLogger): Promise<void> {
  const deadline = performance.now() + drainTimeoutMs;
  const service = await startedWithin(starting, drainTimeoutMs);
  if (service) await drain(service, deadline - performance.now(), logger);
  await admin.close();
  logger.info({}, 'The service has stopped');
  process.exit(0);
}

/** A service asked to stop while it starts may get there within its drain time; one that does not has nothing to drain. */
async function startedWithin(starting: Promise<StartedService>, limitMs: number): Promise<StartedService | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), limitMs);
  });
  return Promise.race([starting.catch(() => undefined), late]);
}
