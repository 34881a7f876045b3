import { sha256, type Passwords } from './credentials.js';
import { REDIS_RIGHTS } from './rights.js';

export interface RedisConfigOptions {
  port: number;
  dir: string;
  /** `always`: an answered write is on disk. Anything else is only for tests that want to see it fail. */
  appendFsync: 'always' | 'everysec' | 'no';
  /** Absent: no users, no passwords (tests). */
  aclFile?: string;
}

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
    // Snapshots would only cost: the append-only file is the truth. Eviction would silently forget budgets and workflows.
    'save ""',
    'maxmemory-policy noeviction',
    ...(options.aclFile ? [`aclfile ${JSON.stringify(options.aclFile)}`] : []),
    '',
  ].join('\n');
}

/** The text of a Redis ACL file: one user per service, the default user off. Holds hashes, no passwords. */
export function redisAcl(passwords: Passwords): string {
  const users = (['orchestrator', 'executor', 'model'] as const).map((name) => {
    const { keys, commands } = REDIS_RIGHTS[name];
    return `user ${name} on #${sha256(passwords[name])} resetchannels &* ${keys.map((key) => `~${key}`).join(' ')} ${commands.join(' ')}`;
  });
  return ['user default off', ...users, ''].join('\n');
}
