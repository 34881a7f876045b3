import { FailureError } from '@trivet/contracts';
import type { RedisOptions } from 'ioredis';

const SENTINEL_PORT = 26_379;
/** When the Sentinels are asked again while none of them answers. */
const ASK_AGAIN_MS = 250;

export const isSentinelUrl = (url: string): boolean => url.startsWith('redis-sentinel:');

/**
 * How to find the primary by Sentinels, from `redis-sentinel://[user:password@]host:port,host:port/<name of the primary>`; user and
 * password are those of Redis.
 *
 * @throws FailureError `invalid_request` when it names no Sentinel or no primary
 */
export function sentinelOptions(url: string): RedisOptions {
  const [, login = '', hosts = '', name = ''] = /^redis-sentinel:\/\/(?:(.*)@)?([^/]+)\/([\w.-]+)$/.exec(url) ?? [];
  if (name === '') throw new FailureError('invalid_request', 'The URL of the Sentinels names no hosts or no primary.', { hint: 'Write redis-sentinel://host:26379,host:26379/<name>, with the name under which the Sentinels watch the primary.' });
  const { username, password } = new URL(`redis://${login ? `${login}@` : ''}primary`);
  return {
    sentinels: hosts.split(',').map((host) => addressOf(new URL(`redis://${host.trim()}`))),
    name,
    role: 'master',
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    sentinelRetryStrategy: () => ASK_AGAIN_MS,
    // A primary that became a replica ends its connections (Sentinels see to it); one that an operator turned says so to each write.
    reconnectOnError: ({ message }) => message.startsWith('READONLY'),
  };
}

const addressOf = ({ hostname, port }: URL): { host: string; port: number } => ({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || SENTINEL_PORT) });
