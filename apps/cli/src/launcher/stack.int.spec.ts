import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, until } from '../testing/processes.js';
import { canBind, freePort } from './free-port.js';
import { cacheDir } from './project-paths.js';
import { startStack, type Stack, type StackOptions } from './stack.js';

let dir: string;
let stack: Stack | undefined;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-stack-'));
});
afterEach(async () => {
  await stack?.stop();
  stack = undefined;
  rmSync(dir, { recursive: true, force: true });
});

/** Says what environment it got, serves HTTP when asked to, ends on SIGTERM and when its parent is gone. */
const STAND_IN = `
import { createServer } from 'node:http';
console.log(JSON.stringify(process.env));
process.on('disconnect', () => process.exit(0));
process.on('SIGTERM', () => process.exit(0));
const ready = (httpPort) => process.send({ ready: true, httpPort, adminPort: 1 });
const port = Number(process.env.TRIVET_HTTP_PORT);
if (/orchestrator:|bootstrap:/.test(process.env.TRIVET_NATS_URL)) {
  const server = createServer((request, response) => response.end(JSON.stringify({ pid: process.pid }))).listen(port, '127.0.0.1', () => ready(server.address().port));
}
else ready();
setInterval(() => undefined, 1000);
`;

const replicas = { orchestrator: 2, executor: 2, model: 1 };

async function options(more: Partial<StackOptions> = {}): Promise<StackOptions> {
  const script = join(dir, 'stand-in.mjs');
  writeFileSync(script, STAND_IN);
  return {
    dataDir: join(dir, 'data'),
    httpPort: await freePort(),
    find: { searchPath: process.env['PATH'] ?? '', cacheDir },
    environment: { PATH: process.env['PATH'], OPENAI_API_KEY: 'secret', OTEL_SERVICE_NAME: 'mine', TRIVET_NATS_PORT: '4222', TRIVET_CRASH_AT: 'stale' },
    scriptOf: () => script,
    ...more,
  };
}

describe('startStack', () => {
  it('gives each service its own credentials, and the vendors’ keys to the model tier only', async () => {
    const seen = new Map<string, Record<string, string>>();
    const wanted = await options({ onLine: ({ service, text }) => seen.set(service, JSON.parse(text)) });
    stack = await startStack(wanted);
    await until(() => seen.size === 3);
    for (const [service, environment] of seen) {
      expect(environment['TRIVET_NATS_URL']).toMatch(new RegExp(`^nats://${service}:.+@127\\.0\\.0\\.1:\\d+$`));
      expect(environment['TRIVET_REDIS_URL']).toMatch(new RegExp(`^redis://${service}:.+@127\\.0\\.0\\.1:\\d+$`));
      expect(environment).toMatchObject({ TRIVET_HTTP_PORT: String(wanted.httpPort), TRIVET_ADMIN_PORT: '0', TRIVET_DATA_DIR: wanted.dataDir, OTEL_SERVICE_NAME: 'mine' });
      expect(environment).not.toHaveProperty('TRIVET_NATS_PORT');
      expect(environment).not.toHaveProperty('TRIVET_CRASH_AT');
      expect(environment['OPENAI_API_KEY']).toBe(service === 'model' ? 'secret' : undefined);
    }
    expect(stack.httpUrl).toBe(`http://127.0.0.1:${wanted.httpPort}`);
  });

  it('gives a process for all tiers the rights and the keys of all', async () => {
    const seen = new Map<string, Record<string, string>>();
    stack = await startStack(await options({ layout: { shape: 'one', replicas }, onLine: ({ service, text }) => seen.set(service, JSON.parse(text)), environment: { PATH: process.env['PATH'], OPENAI_API_KEY: 'secret', TRIVET_WORKER_ID: 'mine' } }));
    await until(() => seen.size === 1);
    expect(seen.get('one')).toMatchObject({ OPENAI_API_KEY: 'secret', TRIVET_WORKER_ID: 'mine' });
    expect(seen.get('one')?.['TRIVET_NATS_URL']).toMatch(/^nats:\/\/bootstrap:/);
    expect(seen.get('one')?.['TRIVET_REDIS_URL']).toMatch(/^redis:\/\/orchestrator:/);
  });

  it('serves several orchestrators at one address, also while one is started again, and gives each process an id', async () => {
    const ids = new Set<string | undefined>();
    const restarted: string[] = [];
    const wanted = await options({ layout: { shape: 'scaled', replicas }, onRestart: (name) => restarted.push(name), onLine: ({ text }) => ids.add(JSON.parse(text).TRIVET_WORKER_ID), environment: { PATH: process.env['PATH'], TRIVET_WORKER_ID: 'mine' } });
    stack = await startStack(wanted);
    expect(stack.httpUrl).toBe(`http://127.0.0.1:${wanted.httpPort}`);
    await until(() => ids.size === 5);
    expect([...ids].sort()).toEqual(['mine-executor-1', 'mine-executor-2', 'mine-model-1', 'mine-orchestrator-1', 'mine-orchestrator-2']);
    const { httpUrl } = stack;
    const answering = async (): Promise<number> => JSON.parse(await (await fetch(httpUrl, { headers: { Connection: 'close' } })).text()).pid;
    const pids = [await answering(), await answering()].sort();
    expect(pids).toEqual(stack.processes.slice(0, 2).map(({ supervised }) => supervised.pid ?? 0).sort());
    stack.processes[0]?.supervised.kill('SIGKILL');
    const seen = new Set(pids);
    await until(async () => {
      // What had reached the process that died is lost with it; whoever asks again is answered.
      await answering().then((pid) => seen.add(pid), () => undefined);
      return restarted.includes('orchestrator-1') && seen.size === 3;
    });
  });

  it('leaves no process and gives its folder back when it stops', async () => {
    const wanted = await options();
    stack = await startStack(wanted);
    const pids = [...stack.processes.map(({ supervised }) => supervised.pid ?? 0), stack.servers.nats?.pid ?? 0, stack.servers.redis?.pid ?? 0];
    expect(pids.every(isAlive)).toBe(true);
    await stack.stop();
    expect(pids.some(isAlive)).toBe(false);
    stack = await startStack(wanted);
  });

  it('refuses a folder that another launcher uses, and a port that is taken', async () => {
    const wanted = await options();
    stack = await startStack(wanted);
    await expect(startStack({ ...wanted, httpPort: await freePort() })).rejects.toThrow(/data folder .* is in use by the launcher with process id/);
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const httpPort = typeof address === 'object' && address ? address.port : 0;
    await expect(startStack({ ...wanted, dataDir: join(dir, 'other'), httpPort })).rejects.toThrow(new RegExp(`port ${httpPort} .* is taken`));
    expect(existsSync(join(dir, 'other'))).toBe(false);
    holder.close();
  });

  it('leaves nothing running when a service refuses its configuration', async () => {
    const wrong = join(dir, 'wrong.mjs');
    writeFileSync(wrong, 'process.exit(78);');
    const wanted = await options({ natsPort: await freePort(), redisPort: await freePort() });
    await expect(startStack({ ...wanted, scriptOf: (role) => (role === 'model' ? wrong : wanted.scriptOf(role)) })).rejects.toThrow(/model refuses its configuration/);
    expect([await canBind(wanted.natsPort ?? 0), await canBind(wanted.redisPort ?? 0)]).toEqual([true, true]);
  });

  it('takes over the folder of a launcher that was killed', async () => {
    const wanted = await options();
    stack = await startStack(wanted);
    await stack.stop();
    writeFileSync(join(wanted.dataDir, 'launcher.pid'), JSON.stringify({ pid: 2 ** 22 + 1, startedAt: '1' }));
    stack = await startStack(wanted);
  });
});
