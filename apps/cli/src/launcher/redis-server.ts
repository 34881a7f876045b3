import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Passwords } from './credentials.js';
import type { RedisChoice } from './find-redis.js';
import { startLocalServer, type LocalServer } from './local-server.js';
import { probeRedis } from './probe.js';
import { redisAcl, redisConfig, type RedisConfigOptions } from './redis-config.js';
import { makeFolder } from './make-folder.js';

export interface RedisServerOptions {
  choice: Exclude<RedisChoice, { kind: 'url' }>;
  /** Holds its configuration, its append-only file and its log. */
  dir: string;
  port?: number;
  appendFsync?: RedisConfigOptions['appendFsync'];
  /** Absent: no users. The embedded server knows none. */
  passwords?: Passwords;
  /** Further lines of its configuration, asked for at each start: whom it follows, for instance. */
  settings?: () => readonly string[];
}

export function startRedisServer(options: RedisServerOptions): Promise<LocalServer> {
  const { choice, dir, passwords } = options;
  makeFolder(dir);
  const login = passwords && choice.kind === 'binary' ? `orchestrator:${passwords.orchestrator}@` : '';
  return startLocalServer({
    name: 'Redis',
    wantedPort: options.port,
    logFile: join(dir, 'redis.log'),
    prepare: (port) => (choice.kind === 'embedded' ? { command: process.execPath, args: ['--no-warnings', choice.entry, '--port', String(port)] } : prepareBinary(choice.binary, options, port)),
    probe: (port) => probeRedis(`redis://${login}127.0.0.1:${port}`),
  });
}

function prepareBinary(binary: string, options: RedisServerOptions, port: number): { command: string; args: string[] } {
  const configFile = join(options.dir, 'redis.conf');
  const aclFile = options.passwords ? join(options.dir, 'users.acl') : undefined;
  if (options.passwords && aclFile) writeFileSync(aclFile, redisAcl(options.passwords), { mode: 0o600 });
  writeFileSync(configFile, redisConfig({ port, dir: options.dir, appendFsync: options.appendFsync ?? 'always', aclFile, settings: options.settings?.() }));
  return { command: binary, args: [configFile] };
}
