import { createClient, type Client } from '@trivet/client';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { canBind, freePort } from '../launcher/free-port.js';
import { anyAlive, familyOf, launch, type Launched } from '../testing/launched.js';
import { until } from '../testing/processes.js';

let dir: string;
let up: Launched;
let client: Client;
let ports: { http: number; nats: number; redis: number };

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-up-'));
  ports = { http: await freePort(), nats: await freePort(), redis: await freePort() };
  up = start();
  client = createClient({ url: `http://127.0.0.1:${ports.http}` });
  await up.said(/Trivet is up/);
});
afterEach(async () => {
  up.child.kill('SIGKILL');
  await up.ended;
  rmSync(dir, { recursive: true, force: true });
});

const start = (): Launched => launch(['up'], { TRIVET_DATA_DIR: dir, TRIVET_HTTP_PORT: String(ports.http), TRIVET_NATS_PORT: String(ports.nats), TRIVET_REDIS_PORT: String(ports.redis) });

describe('trivet up', () => {
  it('prints the address and a line to submit with curl, nats and trivet', () => {
    expect(up.output()).toContain(`http://127.0.0.1:${ports.http}`);
    expect(up.output()).toMatch(/curl -s .*\n.*nats --server nats:\/\/127\.0\.0\.1:\d+ req trivet\.v1\.rpc\.task\.submit .*\n.*npx trivet run/);
  });

  it('ends within eight seconds on SIGTERM and leaves nothing', async () => {
    const family = familyOf(up.pid);
    expect(family.length).toBeGreaterThanOrEqual(5);
    const askedAt = Date.now();
    up.child.kill('SIGTERM');
    expect(await up.ended).toBe(0);
    expect(Date.now() - askedAt).toBeLessThan(8000);
    await until(() => !anyAlive(family), 15_000);
    expect(await Promise.all(Object.values(ports).map((port) => canBind(port)))).toEqual([true, true, true]);
  });

  it('leaves nothing when it is killed with SIGKILL, and starts again on its folder', async () => {
    const family = familyOf(up.pid);
    up.child.kill('SIGKILL');
    await until(() => !anyAlive(family), 9000);
    up = start();
    await up.said(/Trivet is up/);
  });

  it.each(['orchestrator', 'executor', 'model'] as const)('starts a killed %s again at once', async (service) => {
    const before = (await client.workers()).items.find((worker) => worker.service === service);
    if (!before) throw new Error(`no ${service}`);
    process.kill(before.pid, 'SIGKILL');
    await until(() => up.errors().includes(`${service} ended (SIGKILL); starting it again`), 15_000);
    await until(async () => {
      const { items } = await client.workers().catch(() => ({ items: [] }));
      return items.some((worker) => worker.service === service && worker.pid !== before.pid) && !items.some((worker) => worker.pid === before.pid);
    });
  });

  it('refuses a second one on the same folder', async () => {
    const second = launch(['up'], { TRIVET_DATA_DIR: dir, TRIVET_HTTP_PORT: String(await freePort()) });
    expect(await second.ended).toBe(4);
    expect(second.errors()).toMatch(/is in use by the launcher with process id/);
  });
});
