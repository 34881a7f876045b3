import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '@trivet/cli';
import type { Account, Problem, Workflow } from '@trivet/contracts';
import { testShape, until } from '@trivet/testing';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** `npm start` as a user has it: the launcher's own brokers, with users and rights, on a data folder that stays. */
describe('what the launcher’s stack has accepted', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'trivet-restart-'));
  let launcher: ChildProcess | undefined;
  let url = '';
  afterAll(async () => {
    await stop('SIGKILL');
    rmSync(dataDir, { recursive: true, force: true });
  });

  async function start(): Promise<void> {
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const ports = { TRIVET_HTTP_PORT: String(port), TRIVET_NATS_PORT: String(await freePort()), TRIVET_REDIS_PORT: String(await freePort()) };
    launcher = spawn(process.execPath, ['bin/trivet.mjs', 'up', '--shape', testShape()], { cwd: ROOT, env: { PATH: process.env['PATH'], HOME: process.env['HOME'], TRIVET_DATA_DIR: dataDir, ...ports }, stdio: 'ignore' });
    await until(async () => (await fetch(`${url}/readyz`)).ok, 90_000, () => readdirSync(join(dataDir, 'logs')).map((name) => readFileSync(join(dataDir, 'logs', name), 'utf8').slice(-2_000)).join('\n'));
  }

  async function stop(signal: NodeJS.Signals): Promise<void> {
    if (!launcher || launcher.exitCode !== null || launcher.signalCode !== null) return;
    const ended = new Promise((resolve) => launcher?.once('exit', resolve));
    launcher.kill(signal);
    await ended;
  }

  const submit = (goal: string): Promise<Response> =>
    fetch(`${url}/api/v1/tasks?wait=60s`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ goal, template: 'research', workflowId: 'kept', budget: { tokens: 50_000 } }) });
  const get = async <Body>(path: string): Promise<Body> => (await (await fetch(`${url}${path}`)).json()) as Body;

  it.each(['SIGINT', 'SIGKILL'] as const)('is there after the launcher ended by %s and was started again, with its charges and its id', async (signal) => {
    await start();
    const first = await submit('Analyse Nimbus Robotics');
    expect(first.status).toBe(200);
    const before = await get<Workflow>('/api/v1/workflows/kept');
    const account = await get<Account>('/api/v1/budgets/tenant/default');
    expect(before).toMatchObject({ status: 'completed', budget: { heldTokens: 0 } });
    expect(before.budget.usedTokens).toBeGreaterThan(0);
    await stop(signal);

    await start();
    expect(await get<Workflow>('/api/v1/workflows/kept')).toEqual(before);
    expect(await get<Account>('/api/v1/budgets/tenant/default')).toEqual(account);
    const conflict = await submit('something else');
    expect(conflict.status).toBe(409);
    expect(((await conflict.json()) as Problem).code).toBe('workflow_conflict');
    await stop('SIGINT');
  });
});
