import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseVersion, type Version } from './server-version.js';

/** What a NATS server says in the first line of every connection. */
export interface NatsFacts {
  version: Version | undefined;
  jetstream: boolean;
}

/** What a Redis or Valkey server says about itself. Undefined: it would not tell. */
export interface RedisFacts {
  version: Version | undefined;
  /** `always`, `everysec`, `no`, or `off` when there is no append-only file. */
  appendFsync: string | undefined;
}

const TIMEOUT_MS = 2000;
const NATS_PORT = 4222;
const REDIS_PORT = 6379;

/** Reads the INFO line of a NATS server. Rejects when nothing answers. Needs no credentials. */
export async function probeNats(url: string, timeoutMs = TIMEOUT_MS): Promise<NatsFacts> {
  const target = new URL(url.includes('://') ? url : `nats://${url}`);
  const line = await converse(connect(Number(target.port || NATS_PORT), bareHost(target)), [], (text) => /^INFO .*\r\n/.test(text), timeoutMs);
  const info: { version?: string; jetstream?: boolean } = JSON.parse(line.slice('INFO '.length, line.indexOf('\r\n')));
  return { version: parseVersion(info.version ?? ''), jetstream: info.jetstream === true };
}

/** Asks a Redis server for its version and its durability. Rejects when nothing answers or the credentials are wrong. */
export async function probeRedis(url: string, timeoutMs = TIMEOUT_MS): Promise<RedisFacts> {
  const target = new URL(url);
  const port = Number(target.port || REDIS_PORT);
  const socket = target.protocol === 'rediss:' ? connectTls({ port, host: bareHost(target) }) : connect(port, bareHost(target));
  const commands = [...authentication(target), ['INFO', 'server'], ['CONFIG', 'GET', 'appendfsync'], ['CONFIG', 'GET', 'appendonly'], ['PING']];
  const text = await converse(socket, commands.map(encode), (reply) => /\+PONG\r\n$|-(NOAUTH|WRONGPASS|NOPERM this user has no permissions to run the 'ping)[^\r]*\r\n/.test(reply), timeoutMs);
  const refusal = /-((NOAUTH|WRONGPASS)[^\r]*)/.exec(text);
  if (refusal) throw new Error(refusal[1]);
  const appendOnly = configValue(text, 'appendonly');
  return { version: parseVersion(/(?:valkey|redis)_version:([^\r]+)/.exec(text)?.[1] ?? ''), appendFsync: appendOnly === 'no' ? 'off' : configValue(text, 'appendfsync') };
}

function authentication(target: URL): string[][] {
  if (!target.password) return [];
  const password = decodeURIComponent(target.password);
  return [target.username ? ['AUTH', decodeURIComponent(target.username), password] : ['AUTH', password]];
}

function configValue(text: string, name: string): string | undefined {
  return new RegExp(`\\r\\n${name}\\r\\n\\$\\d+\\r\\n([^\\r]*)\\r\\n`).exec(text)?.[1];
}

function encode(command: string[]): string {
  return `*${command.length}\r\n${command.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`;
}

function bareHost(target: URL): string {
  return target.hostname.replace(/^\[|\]$/g, '');
}

/** Writes everything, collects what comes back until it is complete, then hangs up. */
function converse(socket: Socket, lines: string[], isComplete: (text: string) => boolean, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const fail = (error: Error): void => {
      socket.destroy();
      reject(error);
    };
    socket.setTimeout(timeoutMs, () => fail(new Error(`no answer within ${timeoutMs} ms`)));
    socket.once('error', fail);
    socket.once('close', () => reject(new Error('the connection was closed')));
    socket.once('connect', () => socket.write(lines.join('')));
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      if (!isComplete(text)) return;
      resolve(text);
      socket.destroy();
    });
  });
}
