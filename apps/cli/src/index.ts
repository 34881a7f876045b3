/** For the tests: how a real NATS and a real Redis are found and started. */
export { findNats, type FindOptions, type NatsChoice } from './launcher/find-nats.js';
export { findRedis, type FindRedisOptions, type RedisChoice } from './launcher/find-redis.js';
export { startLocalServer, type LocalServer, type LocalServerRecipe } from './launcher/local-server.js';
export { startNatsServer, type NatsServerOptions } from './launcher/nats-server.js';
export { startRedisServer, type RedisServerOptions } from './launcher/redis-server.js';
export { startServers, type Servers, type StartServersOptions } from './launcher/servers.js';
export { startGuarded, type GuardedProcess, type GuardOptions } from './launcher/guarded-process.js';
export { LauncherError } from './launcher/launcher-error.js';
export { SHAPES, bears, processesOf, type Role, type Shape } from './launcher/layout.js';
export { startTcpFront, type TcpFront } from './launcher/tcp-front.js';
export { canBind, freePort } from './launcher/free-port.js';
export { probeNats, probeRedis, type NatsFacts, type RedisFacts } from './launcher/probe.js';
export { cacheDir, projectRoot } from './launcher/project-paths.js';
export { sharedNatsConfig } from './launcher/nats-config.js';
export { sharedRedisStart } from './launcher/redis-config.js';
export { CLI_VARIABLES } from './cli.config.js';
