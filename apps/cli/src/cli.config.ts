import { ConfigError, choice, flag, loadConfig, port, redisUrl, text, url, variable, type ConfigOf, type Environment } from '@trivet/service';

export { ConfigError, type Environment };

/** What the CLI and its launcher read from the environment; everything else is passed on to the services untouched. */
export const CLI_VARIABLES = {
  httpPort: variable('TRIVET_HTTP_PORT', port().default(8080), "The port of the orchestrator's HTTP interface; commands look for it there."),
  natsUrl: variable('TRIVET_NATS_URL', url(['nats:', 'tls:', 'ws:', 'wss:']).optional(), 'A NATS server of your own; unset: the launcher finds or starts one.'),
  redisUrl: variable('TRIVET_REDIS_URL', redisUrl().optional(), 'A Redis or Valkey of your own, or Sentinels that know the primary; unset: the launcher finds or starts one.'),
  natsPort: variable('TRIVET_NATS_PORT', port().default(4222), 'The port of the NATS server that the launcher starts; a free one if it is taken.'),
  redisPort: variable('TRIVET_REDIS_PORT', port().default(6379), 'The port of the Redis server that the launcher starts; a free one if it is taken.'),
  dataDir: variable('TRIVET_DATA_DIR', text().default('.trivet'), 'The folder for what this machine keeps: data of servers the launcher starts, passwords, logs.'),
  durability: variable('TRIVET_DURABILITY', choice(['strict', 'relaxed']).default('strict'), 'strict: what was accepted is on disk. relaxed: a crash of Redis may lose the last second.'),
  noInstall: variable('TRIVET_NO_INSTALL', flag().default(false), '1: fetch and install nothing, neither from a registry nor with apt-get.'),
  modelConfig: variable('TRIVET_MODEL_CONFIG', text().optional(), 'The file of model endpoints, tiers and prices; doctor looks whether its keys are set.'),
  url: variable('TRIVET_URL', url(['http:', 'https:']).optional(), 'The orchestrator that commands talk to; unset: the one on this machine at TRIVET_HTTP_PORT.'),
  tenant: variable('TRIVET_TENANT', text().optional(), 'The tenant that commands act for, while no API keys are configured; after that only the operator chooses.'),
  apiKey: variable('TRIVET_API_KEY', text().optional(), 'The API key that commands send: trv_…', { secret: true }),
} as const;
export type CliConfig = ConfigOf<typeof CLI_VARIABLES>;

/** @throws ConfigError with every mistake, also a TRIVET_* name that nothing reads. */
export const readCliConfig = (environment: Environment): CliConfig => loadConfig(CLI_VARIABLES, environment);
