import { spawn } from 'node:child_process';
import { readFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../testing/processes.js';
import { findNats } from './find-nats.js';
import { findRedis } from './find-redis.js';
import { freePort } from './free-port.js';
import { sharedNatsConfig } from './nats-config.js';
import { probeNats, probeRedis } from './probe.js';
import { cacheDir, projectRoot } from './project-paths.js';
import { sharedRedisStart } from './redis-config.js';

const find = { searchPath: process.env['PATH'] ?? '', cacheDir };
let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-shared-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('the checked-in configuration of shared servers', () => {
  it('is what the table of rights says', () => {
    expect(readFileSync(join(projectRoot, 'infra/nats/nats.conf'), 'utf8')).toBe(sharedNatsConfig());
    expect(readFileSync(join(projectRoot, 'infra/redis/start.sh'), 'utf8')).toBe(sharedRedisStart());
  });

  it('is taken by a NATS server, with passwords from its environment', async () => {
    const choice = await findNats(find);
    if (choice.kind !== 'binary') throw new Error('no binary');
    const port = await freePort();
    const text = sharedNatsConfig().replace('0.0.0.0:4222', `127.0.0.1:${port}`).replace(/^http: .*$/m, '').replace('/data/jetstream', dir);
    writeFileSync(join(dir, 'nats.conf'), text);
    const server = spawn(choice.binary, ['-c', join(dir, 'nats.conf')], { env: Object.fromEntries(['ORCHESTRATOR', 'EXECUTOR', 'MODEL', 'BOOTSTRAP', 'PUBLIC'].map((name) => [`TRIVET_NATS_PASSWORD_${name}`, `p-${name}`])), stdio: 'ignore' });
    await until(() => probeNats(`nats://127.0.0.1:${port}`).then(({ jetstream }) => jetstream, () => false));
    server.kill('SIGKILL');
  });

  it('is taken by a Redis server, and refuses to start without a password', async () => {
    const choice = await findRedis(find);
    if (choice.kind !== 'binary') throw new Error('no binary');
    const port = await freePort();
    const text = sharedRedisStart().replaceAll('/tmp/users.acl', join(dir, 'users.acl')).replace('redis-server --dir /data', `${choice.binary} --dir ${dir} --port ${port}`);
    const passwords = { TRIVET_REDIS_PASSWORD_ORCHESTRATOR: 'o', TRIVET_REDIS_PASSWORD_EXECUTOR: 'e', TRIVET_REDIS_PASSWORD_MODEL: 'm' };
    const server = spawn('sh', ['-c', text], { env: { PATH: process.env['PATH'], ...passwords }, stdio: 'ignore' });
    await until(() => probeRedis(`redis://orchestrator:o@127.0.0.1:${port}`).then(({ appendFsync }) => appendFsync === 'always', () => false));
    await expect(probeRedis(`redis://executor:wrong@127.0.0.1:${port}`)).rejects.toThrow(/WRONGPASS/);
    server.kill('SIGKILL');
    const refused = spawn('sh', ['-c', text], { env: { PATH: process.env['PATH'], ...passwords, TRIVET_REDIS_PASSWORD_MODEL: '' }, stdio: 'ignore' });
    expect(await new Promise((resolve) => refused.once('exit', resolve))).not.toBe(0);
  });
});
