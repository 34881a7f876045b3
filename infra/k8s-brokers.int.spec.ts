import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { cacheDir, findNats } from '@trivet/cli';

const FOLDER = join(import.meta.dirname, 'k8s/components');
const USERS = ['ORCHESTRATOR', 'EXECUTOR', 'MODEL', 'BOOTSTRAP', 'PUBLIC'];

describe('the configuration of the NATS cluster', () => {
  it('is taken by a real server, and not without the password of each user', async () => {
    const choice = await findNats({ searchPath: process.env['PATH'] ?? '', cacheDir });
    if (choice.kind === 'url') throw new Error('unreachable: no URL was given');
    const { binary } = choice;
    const check = (users: readonly string[]) =>
      new Promise<{ code: number | null; output: string }>((resolve) => {
        const env = { POD_NAME: 'nats-0', ...Object.fromEntries(users.map((user) => [`TRIVET_NATS_PASSWORD_${user}`, `secret-of-${user}`])) };
        const child = execFile(binary, ['-c', join(FOLDER, 'nats/cluster.conf'), '-t'], { env }, (_, stdout, stderr) => resolve({ code: child.exitCode, output: stdout + stderr }));
      });
    expect(await check(USERS)).toMatchObject({ code: 0, output: expect.stringContaining('configuration file') });
    expect(await check(USERS.slice(1))).toMatchObject({ code: 1, output: expect.stringContaining('TRIVET_NATS_PASSWORD_ORCHESTRATOR') });
  });
});

describe.each(['join.sh', 'sentinel.sh', 'start.sh'])('redis/%s', (name) => {
  it('is a script that a plain shell can read', () => {
    expect(() => execFileSync('sh', ['-n', join(FOLDER, 'redis', name)])).not.toThrow();
  });
});
