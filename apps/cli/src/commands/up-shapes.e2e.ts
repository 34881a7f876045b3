import { createClient, type Client } from '@trivet/client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canBind, freePort } from '../launcher/free-port.js';
import { describeShape } from '../output/shape.js';
import { anyAlive, familyOf, launch, type Launched } from '../testing/launched.js';
import { until } from '../testing/processes.js';

/** A hang is what this catches; the restart itself begins at once. */
const BACK_WITHIN_MS = 15_000;

describe.each([
  { shape: 'one', options: [], as: 'one: 1 orchestrator, 1 executor, 1 model in one process', dies: 'one' },
  { shape: 'scaled', options: ['--executors', '1', '--models', '1'], as: 'scaled: 2 orchestrators, 1 executor, 1 model in 4 processes', dies: 'orchestrator-1' },
])('trivet up --shape $shape', ({ shape, options, as, dies }) => {
  let dir: string;
  let port: number;
  let up: Launched;
  let client: Client;

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'trivet-shape-'));
    port = await freePort();
    up = launch(['up', '--shape', shape, ...options], { TRIVET_DATA_DIR: dir, TRIVET_HTTP_PORT: String(port), TRIVET_NATS_PORT: '0', TRIVET_REDIS_PORT: '0' });
    client = createClient({ url: `http://127.0.0.1:${port}` });
    await up.said(/Trivet is up/);
  });
  afterAll(async () => {
    up.child.kill('SIGKILL');
    await up.ended;
    rmSync(dir, { recursive: true, force: true });
  });

  it('says its shape to trivet workers and doctor', async () => {
    const listed = launch(['workers', 'ls', '--url', `http://127.0.0.1:${port}`]);
    expect(await listed.ended).toBe(0);
    expect(listed.output()).toContain(`Shape ${as}`);
    const doctor = launch(['doctor', '--verbose'], { TRIVET_HTTP_PORT: String(port), TRIVET_DATA_DIR: dir });
    await doctor.ended;
    expect(doctor.errors()).toContain(`Trivet runs on HTTP port ${port}, shape ${as}`);
  });

  it('starts what was killed again, at the same address, and the work goes on', async () => {
    const { workflowId } = await client.submit({ goal: 'wait', plan: { steps: [{ id: 'a', kind: 'wait', input: { ms: 1_500 } }] } });
    const victim = (await client.workers()).items.find(({ service }) => service === 'orchestrator');
    if (!victim) throw new Error('no orchestrator');
    process.kill(victim.pid, 'SIGKILL');
    await until(() => new RegExp(`${dies.replace('-1', '-\\d')} ended \\(SIGKILL\\); starting it again`).test(up.errors()), BACK_WITHIN_MS);
    await until(async () => (await client.get(workflowId).catch(() => undefined))?.status === 'completed', BACK_WITHIN_MS);
    await until(async () => describeShape((await client.workers().catch(() => ({ items: [] }))).items) === as, BACK_WITHIN_MS);
  });

  it('ends within eight seconds on one SIGTERM and leaves nothing', async () => {
    const family = familyOf(up.pid);
    const askedAt = Date.now();
    up.child.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect(Date.now() - askedAt).toBeLessThan(8000);
    await until(() => !anyAlive(family), 15_000);
    expect(await canBind(port)).toBe(true);
  });
});
