import { join, resolve } from 'node:path';
import { TOOLS_USER, readOrMakePasswords, type Passwords, type Principal } from './credentials.js';
import { findNats, type FindOptions, type NatsChoice } from './find-nats.js';
import { findRedis, type RedisChoice } from './find-redis.js';
import type { LocalServer } from './local-server.js';
import { startNatsServer } from './nats-server.js';
import { startRedisServer } from './redis-server.js';

export interface StartServersOptions {
  /** Stores, configurations, passwords and logs go below this folder. */
  dataDir: string;
  /** Taken when free, else a free one. */
  natsPort?: number;
  redisPort?: number;
  natsUrl?: string;
  redisUrl?: string;
  find: Omit<FindOptions, 'url'>;
}

/** The bus and the state, running. */
export interface Servers {
  /** What each user connects to; with its credentials when the server is ours. */
  urls: Readonly<Record<Principal, { nats: string; redis: string }>>;
  /** The bus for everybody else. */
  publicNatsUrl: string;
  /** The bus for services of the team that answer remote tools. */
  toolsNatsUrl: string;
  nats: LocalServer | undefined;
  redis: LocalServer | undefined;
  /** True when Redis is the embedded one: what it answered is not on disk. */
  relaxed: boolean;
  /** Ends what was started here; a server that was given by its URL is left alone. */
  stop(): Promise<void>;
}

/** Finds or starts NATS and Redis, says which it took, and keeps those it started running until `stop`. */
export async function startServers(options: StartServersOptions): Promise<Servers> {
  const [natsChoice, redisChoice] = await Promise.all([findNats({ ...options.find, url: options.natsUrl }), findRedis({ ...options.find, url: options.redisUrl })]);
  const dataDir = resolve(options.dataDir);
  const passwords = readOrMakePasswords(join(dataDir, 'credentials.json'));
  const say = options.find.say ?? (() => undefined);
  const nats = natsChoice.kind === 'url' ? undefined : await startNatsServer({ binary: natsChoice.binary, dir: join(dataDir, 'nats'), port: options.natsPort, passwords });
  const redis = redisChoice.kind === 'url' ? undefined : await startRedisServer({ choice: redisChoice, dir: join(dataDir, 'redis'), port: options.redisPort, passwords }).catch(async (error: unknown) => {
    await nats?.stop();
    throw error;
  });
  say(`NATS:  ${natsChoice.description}${nats ? `, port ${nats.port}` : ''}`);
  say(`Redis: ${redisChoice.description}${redis ? `, port ${redis.port}` : ''}`);
  const ending = { requested: false };
  for (const [name, server] of [['NATS', nats], ['Redis', redis]] as const) if (server) void keepRunning(name, server, ending, say);
  return {
    urls: serviceUrls(passwords, natsChoice, nats, redisChoice, redis),
    publicNatsUrl: natsChoice.kind === 'url' ? natsChoice.url : `nats://127.0.0.1:${nats?.port}`,
    toolsNatsUrl: natsChoice.kind === 'url' ? natsChoice.url : `nats://${TOOLS_USER}:${passwords[TOOLS_USER]}@127.0.0.1:${nats?.port}`,
    nats,
    redis,
    relaxed: redisChoice.kind === 'embedded',
    stop: async () => {
      ending.requested = true;
      await Promise.all([nats?.stop(), redis?.stop()]);
    },
  };
}

const RESTART_DELAY_MS = 250;

/** A server that dies under us is started again on the same port with the same data, for as long as we run. */
async function keepRunning(name: string, server: LocalServer, ending: { requested: boolean }, say: (line: string) => void): Promise<void> {
  for (;;) {
    await server.exited();
    if (ending.requested) return;
    say(`${name} ended unexpectedly; starting it again`);
    await server.restart().catch(async (error: unknown) => {
      say(`${name} could not be started again: ${error instanceof Error ? error.message : String(error)}`);
      await new Promise((wake) => setTimeout(wake, RESTART_DELAY_MS));
    });
  }
}

function serviceUrls(passwords: Passwords, natsChoice: NatsChoice, nats: LocalServer | undefined, redisChoice: RedisChoice, redis: LocalServer | undefined): Servers['urls'] {
  const natsUrl = (principal: Principal): string => (natsChoice.kind === 'url' ? natsChoice.url : `nats://${principal}:${passwords[principal]}@127.0.0.1:${nats?.port}`);
  const redisUrl = (principal: Principal): string => {
    if (redisChoice.kind === 'url') return redisChoice.url;
    // The operator looks after Redis with the orchestrator's user; the embedded server knows no users.
    const user = principal === 'bootstrap' ? 'orchestrator' : principal;
    return redisChoice.kind === 'embedded' ? `redis://127.0.0.1:${redis?.port}` : `redis://${user}:${passwords[user]}@127.0.0.1:${redis?.port}`;
  };
  const entry = (principal: Principal): { nats: string; redis: string } => ({ nats: natsUrl(principal), redis: redisUrl(principal) });
  return { orchestrator: entry('orchestrator'), executor: entry('executor'), model: entry('model'), bootstrap: entry('bootstrap') };
}
