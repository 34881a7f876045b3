import { createAdminRoutes, type AdminRoutes, type MetricsSource } from './admin-routes.js';
import { startAdminServer, type AdminServer } from './admin-server.js';
import { installCrashPoint } from './crash-point.js';
import { drain } from './drain.js';
import { createHealth, type Health } from './health.js';
import { ConfigError } from './load-config.js';
import { endOnUncaught, exitWith, onStop } from './process-life.js';
import type { ServiceLogger } from './service-logger.js';
import { combineServices, type StartedService } from './started-service.js';
import { tierPort, workerIdOf } from './tier-identity.js';

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

/** A definition whose configuration and logger are its own affair, so that several fit into one list. */
export interface Tier {
  name: string;
  /** @param place its place among the tiers of this process, and how many there are */
  configure: (place: TierPlace) => ConfiguredTier;
}

export interface TierPlace {
  index: number;
  of: number;
}

interface ConfiguredTier {
  name: string;
  version: string;
  logger: ServiceLogger;
  health: Health;
  drainTimeoutMs: number;
  crashAt: string | undefined;
  /** @throws ConfigError when its port cannot be had */
  openAdmin: () => Promise<AdminServer>;
  start: (stopping: AbortSignal) => Promise<StartedService>;
}

/** Runs one service as this process; see runServices. */
export const runService = <Config extends CommonConfig, Logger extends ServiceLogger>(definition: ServiceDefinition<Config, Logger>): Promise<void> => runServices([asTier(definition)]);

/**
 * The life of a process of one or several services, from main.ts: configuration, health, start, and on SIGTERM, SIGINT or
 * the loss of the parent that started it a drain of all (interfaces: /readyz turns 503 first) and exit 0. A second signal
 * ends it at once with 130; an error nobody caught with 70, after it was logged. The drain time is the longest of theirs.
 */
export async function runServices(given: readonly Tier[]): Promise<void> {
  const tiers = configureAll(given);
  const [first] = tiers;
  if (!first) throw new RangeError('runServices was given no service; it needs at least one.');
  const { logger, crashAt } = first;
  endOnUncaught(logger);
  if (crashAt) logger.warn({ crashAt }, 'A crash point is armed: this process will kill itself there');
  installCrashPoint(crashAt);

  const stopping = new AbortController();
  const admins = await Promise.all(tiers.map((tier) => tier.openAdmin().catch((error: unknown) => exitWith(error, tier.logger))));
  // Listens for signals before the start begins, so that none ends a service half-way up.
  let starting: Promise<StartedService[]> = Promise.resolve([]);
  onStop(logger, () => {
    for (const { health } of tiers) health.setPhase('draining');
    stopping.abort();
    void stop({ starting, admins, drainTimeoutMs: Math.max(...tiers.map((tier) => tier.drainTimeoutMs)), logger });
  });
  starting = Promise.all(tiers.map((tier) => tier.start(stopping.signal).catch((error: unknown) => (stopping.signal.aborted ? {} : exitWith(error, tier.logger)))));
  const { httpPort } = combineServices(await starting);
  if (stopping.signal.aborted) return;
  tiers.forEach(({ health, name, version, logger: log }, index) => {
    health.setPhase('running');
    log.info({ httpPort, adminPort: admins[index]?.port, pid: process.pid, version }, tiers.length === 1 ? 'The service is running' : `The ${name} is running, in one process with the others`);
  });
  process.send?.({ ready: true, httpPort, adminPort: admins[0]?.port, adminPorts: Object.fromEntries(tiers.map(({ name }, index) => [name, admins[index]?.port])) });
}

/** Hides the types of a definition, for runServices. */
export function asTier<Config extends CommonConfig, Logger extends ServiceLogger>(definition: ServiceDefinition<Config, Logger>): Tier {
  const { name, version } = definition;
  return {
    name,
    configure: (place) => {
      const config = definition.loadConfig();
      const workerId = workerIdOf(name, config.workerId, place);
      const port = tierPort(config.adminPort, place);
      const logger = definition.createLogger(config, workerId);
      const health = createHealth();
      const identity = { service: name, version, workerId };
      const adminRoutes = createAdminRoutes(identity, health);
      return {
        name,
        version,
        logger,
        health,
        drainTimeoutMs: config.drainTimeoutMs,
        crashAt: config.crashAt,
        openAdmin: () => startAdminServer(adminRoutes, { port, host: config.adminHost }),
        start: (stopping) => definition.start({ ...identity, config, logger, health, adminRoutes, setMetrics: adminRoutes.setMetrics, stopping }),
      };
    },
  };
}

/** The mistakes of all tiers are reported together, each once. */
function configureAll(tiers: readonly Tier[]): ConfiguredTier[] {
  const problems = new Set<string>();
  const configured = tiers.flatMap((tier, index) => {
    try {
      return [tier.configure({ index, of: tiers.length })];
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      for (const problem of error.problems) problems.add(problem);
      return [];
    }
  });
  if (problems.size === 0) return configured;
  const error = new ConfigError([...problems]);
  process.stderr.write(`${tiers.map(({ name }) => name).join(', ')}: ${error.message}\n`);
  process.exit(error.exitCode);
}

interface Stopping {
  starting: Promise<StartedService[]>;
  admins: readonly AdminServer[];
  drainTimeoutMs: number;
  logger: ServiceLogger;
}

async function stop({ starting, admins, drainTimeoutMs, logger }: Stopping): Promise<void> {
  const deadline = performance.now() + drainTimeoutMs;
  const services = await startedWithin(starting, drainTimeoutMs);
  if (services) await drain(combineServices(services), deadline - performance.now(), logger);
  await Promise.all(admins.map((admin) => admin.close()));
  logger.info({}, 'The service has stopped');
  process.exit(0);
}

/** A service asked to stop while it starts may get there within its drain time; one that does not has nothing to drain. */
async function startedWithin(starting: Promise<StartedService[]>, limitMs: number): Promise<StartedService[] | undefined> {
  const late = new Promise<undefined>((resolve) => {
    setTimeout(() => resolve(undefined), limitMs);
  });
  return Promise.race([starting.catch(() => undefined), late]);
}
