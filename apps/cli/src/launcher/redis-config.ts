import { sha256, type Passwords } from './credentials.js';
import { REDIS_RIGHTS } from './rights.js';

export interface RedisConfigOptions {
  port: number;
  dir: string;
  /** `always`: an answered write is on disk. Anything else is only for tests that want to see it fail. */
  appendFsync: 'always' | 'everysec' | 'no';
  /** Absent: no users, no passwords (tests). */
  aclFile?: string;
  /** Further lines. */
  settings?: readonly string[];
}

/** A smaller append-only file is not rewritten: on a busy machine that would be every few seconds at first. */
const REWRITE_FROM = '256mb';

/** The text of a redis.conf that loses nothing it has answered and evicts nothing. */
export function redisConfig(options: RedisConfigOptions): string {
  return [
    'bind 127.0.0.1',
    `port ${options.port}`,
    `dir ${JSON.stringify(options.dir)}`,
    'daemonize no',
    'appendonly yes',
    `appendfsync ${options.appendFsync}`,
    'no-appendfsync-on-rewrite no',
    'aof-load-truncated yes',
    // Rewriting the file is worth its cost only when it is large; packing it costs more than the disk it saves.
    `auto-aof-rewrite-min-size ${REWRITE_FROM}`,
    'rdbcompression no',
    // Whoever takes a copy, as a backup does, gets it at once: no others come with it.
    'repl-diskless-sync-delay 0',
    // Snapshots would only cost: the append-only file is the truth. Eviction would silently forget budgets and workflows.
    'save ""',
    'maxmemory-policy noeviction',
    ...(options.aclFile ? [`aclfile ${JSON.stringify(options.aclFile)}`] : []),
    ...(options.settings ?? []),
    '',
  ].join('\n');
}

/**
 * Nobody can log in as the default user. But Redis reads its append-only file as that user, and would refuse every
 * transaction and script in it to a user without rights: all state would be gone after a restart.
 */
const DEFAULT_USER = 'user default off resetpass ~* &* +@all';

/** The text of a Redis ACL file: one user per service, the default user off. Holds hashes, no passwords. */
export function redisAcl(passwords: Passwords): string {
  const users = SERVICE_USERS.map((name) => userLine(name, `#${sha256(passwords[name])}`));
  return [DEFAULT_USER, ...users, ''].join('\n');
}

/**
 * The same for a server that others can reach (infra/redis/start.sh): a script, since Redis itself cannot take a
 * password from its environment. The ACL file lies in memory and holds hashes only.
 * What it is started with goes to Redis too (a replica is told of its primary so).
 */
export function sharedRedisStart(): string {
  const hash = (name: string): string => `#$(hash "$TRIVET_REDIS_PASSWORD_${name.toUpperCase()}")`;
  return [
    '#!/bin/sh',
    '# Made by scripts/generate-infra.mjs from apps/cli/src/launcher/rights.ts; do not edit.',
    '# Starts Redis with one user per service; passwords are taken from the environment.',
    'set -eu',
    ...SERVICE_USERS.map((name) => `: "\${TRIVET_REDIS_PASSWORD_${name.toUpperCase()}:?is not set}"`),
    'hash() { printf %s "$1" | sha256sum | cut -d " " -f 1; }',
    'umask 077',
    'cat > /tmp/users.acl <<USERS',
    DEFAULT_USER,
    ...SERVICE_USERS.map((name) => userLine(name, hash(name))),
    'USERS',
    `exec redis-server --dir /data --appendonly yes --appendfsync always --no-appendfsync-on-rewrite no --save '' --auto-aof-rewrite-min-size ${REWRITE_FROM} --rdbcompression no --maxmemory-policy noeviction --aclfile /tmp/users.acl "$@"`,
    '',
  ].join('\n');
}

const SERVICE_USERS = ['orchestrator', 'executor', 'model'] as const;

function userLine(name: (typeof SERVICE_USERS)[number], password: string): string {
  const { keys, readKeys = [], commands } = REDIS_RIGHTS[name];
  const patterns = [...keys.map((key) => `~${key}`), ...readKeys.map((key) => `%R~${key}`)];
  return `user ${name} on ${password} resetchannels &* ${patterns.join(' ')} ${commands.join(' ')}`;
}
