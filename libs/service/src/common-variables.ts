import { ID_PATTERN } from '@trivet/contracts';
import { choice, port, redisUrl, text, url, variable, wholeNumber } from './variable.js';

/** What every service reads; an app spreads these into its own variables. */
export const COMMON_VARIABLES = {
  natsUrl: variable('TRIVET_NATS_URL', url(['nats:', 'tls:', 'ws:', 'wss:']).default('nats://127.0.0.1:4222'), 'Where NATS is, with user and password if it asks for them; several servers are separated by commas. Under the launcher, unset means it finds or starts one.'),
  redisUrl: variable('TRIVET_REDIS_URL', redisUrl().default('redis://127.0.0.1:6379'), 'Where Redis is, with user and password if it asks for them; redis-sentinel://host:port,host:port/<name> asks Sentinels for the primary and follows a failover. Under the launcher, unset means it finds or starts one.'),
  redisReplicas: variable('TRIVET_REDIS_REPLICAS', wholeNumber({ max: 5 }).default(0), 'How many replicas of Redis must have what is written before it counts: with 1 or more, what was acknowledged survives the loss of the primary. Redis needs at least as many, better one more, or all waits while one is away.'),
  durability: variable('TRIVET_DURABILITY', choice(['strict', 'relaxed']).default('strict'), 'strict refuses to start on a Redis that does not fsync each commit (appendfsync always); relaxed accepts that a crash of Redis may lose the last second.'),
  adminPort: variable('TRIVET_ADMIN_PORT', port().default(8081), "The port of this service's /livez, /readyz, /metrics and /version; 0 takes a free one, as under the launcher."),
  adminHost: variable('TRIVET_ADMIN_HOST', text().default('127.0.0.1'), 'The address the admin port listens on; containers set 0.0.0.0.'),
  logLevel: variable('TRIVET_LOG_LEVEL', choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'), 'The least severe log line that is written.'),
  logFormat: variable('TRIVET_LOG_FORMAT', choice(['json', 'pretty']).default('json'), 'json for machines, pretty for people.'),
  dataDir: variable('TRIVET_DATA_DIR', text().default('.trivet'), 'The folder for what this machine keeps: data of brokers the launcher starts, downloads, logs.'),
  drainTimeoutMs: variable('TRIVET_DRAIN_TIMEOUT_MS', wholeNumber({ max: 3_600_000 }).default(5_000), 'How long a service that was asked to stop waits for work in flight before it hands it back; in milliseconds.'),
  workerId: variable('TRIVET_WORKER_ID', text().regex(ID_PATTERN, 'must be 1 to 64 letters, digits, _ or -').optional(), 'The id of this process in lists of workers and in claims, unique among all running ones; unset: a random one.'),
  crashAt: variable('TRIVET_CRASH_AT', text().regex(/^[a-z0-9][a-z0-9.-]*(:[1-9]\d*)?$/, 'must be <label> or <label>:<n>').optional(), 'For tests only: the process kills itself with SIGKILL when it reaches this crash point (for the n-th time).'),
} as const;
