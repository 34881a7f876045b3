import { createHash } from 'node:crypto';
import { Redis, type RedisOptions as Settings } from 'ioredis';
import { FailureError } from '@trivet/contracts';
import { isSentinelUrl, sentinelOptions } from './sentinel-url.js';
import { sendTogether } from './send-together.js';

export type { Redis } from 'ioredis';
export type Durability = 'strict' | 'relaxed';

export interface RedisOptions {
  /** redis://[user:password@]host:port[/db], or redis-sentinel://[user:password@]host:port,host:port/<name of the primary> for the Sentinels that know where the primary is. */
  url: string;
  name: string;
  /** So many replicas have to have what is written before it counts as written; default 0. */
  replicas?: number;
  onError?: (error: Error) => void;
}

/**
 * Connects and keeps reconnecting for ever. In-flight commands are sent again after a reconnect; every script
 * recognises its repeat, so that is safe.
 */
export function connectRedis(options: RedisOptions): Redis {
  const settings: Settings = {
    connectionName: options.name,
    connectTimeout: 2_000,
    commandTimeout: 5_000,
    keepAlive: 5_000,
    maxRetriesPerRequest: 3,
    autoResendUnfulfilledCommands: true,
    retryStrategy: (attempt) => Math.min(50 * attempt, 500),
    enableReadyCheck: true,
  };
  const redis = isSentinelUrl(options.url) ? new Redis({ ...settings, ...sentinelOptions(options.url) }) : new Redis(options.url, settings);
  redis.on('error', options.onError ?? (() => undefined));
  redis.on('close', () => void unverified.set(redis, Symbol('lost')));
  sendTogether(redis, { replicas: options.replicas ?? 0 });
  return redis;
}

/**
 * Refuses a Redis that could lose what it acknowledged: `everysec` loses acknowledged writes on a plain kill -9 when
 * the disk is slow, and an eviction policy may drop state.
 * @returns what weaker promise holds, to be said at start; empty when all is strict
 */
export async function checkDurability(redis: Redis, durability: Durability): Promise<string[]> {
  const [appendonly, appendfsync, eviction] = await Promise.all(['appendonly', 'appendfsync', 'maxmemory-policy'].map((key) => configOf(redis, key)));
  const weaknesses: string[] = [];
  if (appendonly !== 'yes') weaknesses.push(`appendonly is ${appendonly ?? 'unknown'}, so a restart of Redis loses everything`);
  else if (appendfsync !== 'always') weaknesses.push(`appendfsync is ${appendfsync ?? 'unknown'}, so acknowledged work can be lost when Redis is killed`);
  if (eviction !== undefined && eviction !== 'noeviction') weaknesses.push(`maxmemory-policy is ${eviction}, so state can be evicted`);
  if (durability === 'strict' && weaknesses.length > 0) {
    throw new FailureError('unavailable', `Redis is not durable: ${weaknesses.join('; ')}.`, {
      hint: 'Set appendonly yes, appendfsync always and maxmemory-policy noeviction, or ask for less with TRIVET_DURABILITY=relaxed.',
    });
  }
  return weaknesses;
}

async function configOf(redis: Redis, key: string): Promise<string | undefined> {
  try {
    const answer = await redis.config('GET', key);
    return Array.isArray(answer) ? String(answer[1]) : undefined;
  } catch {
    return undefined;
  }
}

/** A Lua script, sent by its hash. An unreachable Redis becomes `unavailable`: the caller waits, nothing is free. */
export interface Script {
  run: (redis: Redis, keyNames: readonly string[], args: readonly (string | number | Buffer)[]) => Promise<unknown>;
}

/** What has to be done before the first script on a server that was started anew, or on another one than before. */
const gates = new WeakMap<Redis, () => Promise<void>>();
/** Those whose connection was lost since, with a mark of that loss: the server that answers now may be a replica that was made the primary. */
const unverified = new WeakMap<Redis, symbol>();

async function passGate(redis: Redis): Promise<void> {
  const loss = unverified.get(redis);
  await gates.get(redis)?.();
  if (unverified.get(redis) === loss) unverified.delete(redis);
}

/**
 * The first script after a reconnect waits for `verify`, and so does the first that finds that the server knows no script, since it
 * was started anew. So nothing is written to a Redis that may have lost data before somebody has looked.
 */
export const setRestartGate = (redis: Redis, verify: () => Promise<void>): void => void gates.set(redis, verify);

/** @param options.always: runs also before the server was verified, since verifying needs it */
export function defineScript(lua: string, options: { always?: boolean } = {}): Script {
  const sha = createHash('sha1').update(lua).digest('hex');
  return {
    run: async (redis, keyNames, args) => {
      try {
        if (!options.always && unverified.has(redis)) await passGate(redis);
        return await redis.evalsha(sha, keyNames.length, ...keyNames, ...args);
      } catch (error) {
        if (!isNoScript(error)) throw redisFailure(error);
        if (!options.always) await passGate(redis);
        try {
          return await redis.eval(lua, keyNames.length, ...keyNames, ...args);
        } catch (second) {
          throw redisFailure(second);
        }
      }
    },
  };
}

/** All keys of a pattern, each at least once. */
export async function* scanKeys(redis: Redis, pattern: string): AsyncGenerator<string> {
  for (let cursor = '0'; ; ) {
    const [next, found] = await withRedis(() => redis.scan(cursor, 'MATCH', pattern, 'COUNT', 500));
    yield* found;
    if (next === '0') return;
    cursor = next;
  }
}

/** Runs plain commands with the same mapping of errors as scripts. */
export async function withRedis<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task();
  } catch (error) {
    throw redisFailure(error);
  }
}

const isNoScript = (error: unknown): boolean => error instanceof Error && error.message.startsWith('NOSCRIPT');

function redisFailure(error: unknown): Error {
  if (error instanceof FailureError) return error;
  const text = error instanceof Error ? error.message : String(error);
  // A reply from Redis itself (wrong type, a script's own error) is a defect of ours, not an outage.
  return error instanceof Error && error.name === 'ReplyError' ? failureOfReply(text, error) : new FailureError('unavailable', 'Redis does not answer.', { cause: error });
}

/** What Redis said in place of doing it: that it cannot now, or that a command of ours was wrong. */
export function failureOfReply(text: string, cause?: unknown): Error {
  const isAway = /^(LOADING|MASTERDOWN|READONLY|NOREPLICAS|CLUSTERDOWN|TRYAGAIN|OOM|MISCONF|UNBLOCKED|BUSY)/.test(text);
  return isAway ? new FailureError('unavailable', 'Redis does not answer.', { cause }) : new Error(`Redis refused a command: ${text}`, { cause });
}

/** Redis' own time, ms since 1970. */
export async function redisTimeMs(redis: Redis): Promise<number> {
  const [seconds, micros] = await withRedis(() => redis.time());
  return Number(seconds) * 1_000 + Math.floor(Number(micros) / 1_000);
}

export const NOW_LUA = `local t_ = redis.call('TIME'); local now = tonumber(t_[1]) * 1000 + math.floor(tonumber(t_[2]) / 1000)`;
