import { execFile, fork, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../../..');
const FIXTURE = join(import.meta.dirname, '../fixtures/service.mjs');
const LIMIT_MS = 15_000;

interface Line { level: string; message: string; phase?: string }
interface Fixture { child: ChildProcess; lines: Line[]; errors: string[]; exit: Promise<{ code: number | null; signal: string | null }>; message(): Promise<Record<string, unknown>> }

const running: ChildProcess[] = [];

beforeAll(async () => {
  await promisify(execFile)(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '-b', join(ROOT, 'libs/service')]);
}, 60_000);
afterEach(() => running.splice(0).forEach((child) => child.kill('SIGKILL')));

function startFixture(environment: Record<string, string> = {}): Fixture {
  const child = fork(FIXTURE, { env: { PATH: process.env.PATH, TRIVET_ADMIN_PORT: '0', TRIVET_DRAIN_TIMEOUT_MS: '300', ...environment }, execArgv: [], stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
  running.push(child);
  const lines: Line[] = [];
  const errors: string[] = [];
  let rest = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    const parts = (rest + chunk.toString()).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts.map((part) => JSON.parse(part)));
  });
  child.stderr?.on('data', (chunk: Buffer) => errors.push(chunk.toString()));
  const exit = once(child, 'close', { signal: AbortSignal.timeout(LIMIT_MS) }).then(([code, signal]) => ({ code, signal }));
  exit.catch(() => undefined);
  return { child, lines, errors, exit, message: async () => (await once(child, 'message', { signal: AbortSignal.timeout(LIMIT_MS) }))[0] };
}

const phases = (fixture: Fixture) => fixture.lines.flatMap((line) => line.phase ?? []).filter((phase, index, all) => all.indexOf(phase) === index);

describe('two services in one process', () => {
  const start = (environment: Record<string, string> = {}) => startFixture({ FIXTURE_TIERS: '1', ...environment });

  it('have an admin port and a health each', async () => {
    const fixture = start({ TRIVET_WORKER_ID: 'mine' });
    const { adminPorts } = await fixture.message();
    const ports = adminPorts as Record<string, number>;
    const readinessOf = async (name: string) => { const response = await fetch(`http://127.0.0.1:${ports[name]}/readyz?verbose`); return { status: response.status, body: await response.json() }; };
    expect(await readinessOf('fixture')).toMatchObject({ status: 200, body: { service: 'fixture', workerId: 'mine-fixture' } });
    expect(await readinessOf('second')).toMatchObject({ status: 503, body: { service: 'second', workerId: 'mine-second', checks: [{ name: 'store', detail: 'mine-second has no store' }] } });
  });

  it('drain together on one signal, within one drain time', async () => {
    const fixture = start({ FIXTURE_BEHAVIOUR: 'busy' });
    await fixture.message();
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toEqual({ code: 0, signal: null });
    expect(phases(fixture)).toEqual(['stopIntake', 'stopIntake of second', 'idle', 'idle of second', 'handBack', 'flush', 'close of second', 'close']);
  });

  it('report a mistake of their environment once', async () => {
    const fixture = start({ TRIVET_DRAIN_TIMEOUT_MS: 'soon' });
    expect(await fixture.exit).toEqual({ code: 78, signal: null });
    expect(fixture.errors.join('')).toBe("fixture, second: The configuration has a mistake:\n  TRIVET_DRAIN_TIMEOUT_MS is 'soon' but must be a whole number from 0 to 3600000.\n");
  });

  it('refuse an id that is too long with their names, and a port that has no next one', async () => {
    const tooLong = start({ TRIVET_WORKER_ID: 'a'.repeat(60) });
    expect(await tooLong.exit).toMatchObject({ code: 78 });
    expect(tooLong.errors.join('')).toContain(`the second is called '${'a'.repeat(60)}-second': 67 characters where 64 are allowed. Shorten it.`);
    const noNext = start({ TRIVET_ADMIN_PORT: '65535' });
    expect(await noNext.exit).toMatchObject({ code: 78 });
    expect(noNext.errors.join('')).toContain('TRIVET_ADMIN_PORT is 65535, and in one process each tier takes one more: 65536 is no port. Choose one up to 65533, or 0 for free ones.');
  });
});

describe('runService', () => {
  it('tells its parent its ports when it runs, and serves the admin routes', async () => {
    const fixture = startFixture();
    const { ready, httpPort, adminPort } = await fixture.message();
    expect({ ready, httpPort }).toEqual({ ready: true, httpPort: 4711 });
    const get = async (path: string) => { const response = await fetch(`http://127.0.0.1:${adminPort}${path}`); return { status: response.status, text: await response.text() }; };
    expect(await get('/livez')).toMatchObject({ status: 200 });
    expect(await get('/readyz')).toEqual({ status: 200, text: '{"ready":true,"phase":"running","failing":[]}\n' });
    const verbose = JSON.parse((await get('/readyz?verbose')).text);
    expect(verbose).toMatchObject({ service: 'fixture', checks: [{ name: 'bus', ok: true, detail: 'connected' }, { name: 'sandbox', ok: false, critical: false, detail: 'no network namespaces here' }] });
    expect(await get('/metrics')).toEqual({ status: 200, text: 'trivet_fixture 1\n' });
    expect(JSON.parse((await get('/version')).text)).toMatchObject({ service: 'fixture', version: '1.2.3', workerId: expect.stringMatching(/^fixture-[0-9a-f]{12}$/) });
    expect(await get('/nothing')).toMatchObject({ status: 404 });
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('drains in order on %s and exits 0', async (signal) => {
    const fixture = startFixture();
    await fixture.message();
    fixture.child.kill(signal);
    expect(await fixture.exit).toEqual({ code: 0, signal: null });
    expect(phases(fixture)).toEqual(['stopIntake', 'idle', 'flush', 'close']);
    expect(fixture.lines.map((line) => line.message)).toContain('stopping was told');
  });

  it('answers 503 on /readyz while it drains, and hands back what does not end', async () => {
    const fixture = startFixture({ FIXTURE_BEHAVIOUR: 'busy', TRIVET_DRAIN_TIMEOUT_MS: '1500' });
    const { adminPort } = await fixture.message();
    fixture.child.kill('SIGTERM');
    const deadline = Date.now() + 1_400;
    let answer = { status: 200, body: '' };
    while (answer.status !== 503 && Date.now() < deadline) {
      const response = await fetch(`http://127.0.0.1:${adminPort}/readyz`);
      answer = { status: response.status, body: await response.text() };
    }
    expect(answer).toMatchObject({ status: 503, body: expect.stringContaining('"phase":"draining"') });
    expect(await fixture.exit).toEqual({ code: 0, signal: null });
    expect(phases(fixture)).toEqual(['stopIntake', 'idle', 'handBack', 'flush', 'close']);
  });

  it.each(['close-fails', 'close-hangs'])('ends with 0 although %s', async (behaviour) => {
    const fixture = startFixture({ FIXTURE_BEHAVIOUR: behaviour });
    await fixture.message();
    const startedAt = Date.now();
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toEqual({ code: 0, signal: null });
    expect(Date.now() - startedAt).toBeLessThan(5_000);
    expect(fixture.lines.some((line) => line.level === 'warn' && line.phase === 'close')).toBe(true);
  });

  it('takes signals that come at once as one, and exits 130 on a later second one', async () => {
    const fixture = startFixture({ FIXTURE_BEHAVIOUR: 'busy', TRIVET_DRAIN_TIMEOUT_MS: '60000' });
    await fixture.message();
    fixture.child.kill('SIGINT');
    fixture.child.kill('SIGTERM');
    const still = await Promise.race([fixture.exit, new Promise((resolve) => setTimeout(() => resolve('draining'), 800))]);
    expect(still).toBe('draining');
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toEqual({ code: 130, signal: null });
  });

  it('can be stopped while it starts', async () => {
    const fixture = startFixture({ FIXTURE_BEHAVIOUR: 'start-hangs' });
    await fixture.message();
    fixture.child.kill('SIGTERM');
    expect(await fixture.exit).toEqual({ code: 0, signal: null });
  });

  it('drains and ends when its parent is gone', async () => {
    const script = `const { fork } = require('node:child_process'); const c = fork(${JSON.stringify(FIXTURE)}, { env: { TRIVET_ADMIN_PORT: '0' }, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }); c.on('message', () => console.log(JSON.stringify({ message: 'child', pid: c.pid })));`;
    const parent = spawn(process.execPath, ['-e', script], { env: {}, stdio: ['ignore', 'pipe', 'inherit'] });
    running.push(parent);
    let text = '';
    const closed = once(parent.stdout, 'close', { signal: AbortSignal.timeout(LIMIT_MS) });
    for await (const chunk of parent.stdout.iterator({ destroyOnReturn: false })) {
      text += String(chunk);
      if (text.includes('"child"')) break;
    }
    parent.stdout.on('data', (chunk) => (text += String(chunk)));
    parent.kill('SIGKILL');
    // The child holds the same pipe: it closes when the child has ended.
    await closed;
    expect(text).toContain('the parent process is gone');
    expect(text).toContain('The service has stopped');
  });

  it.each([['reject', 'forgotten'], ['throw', 'thrown late']])('logs and exits 70 when an error is caught by nobody (%s)', async (behaviour, message) => {
    const fixture = startFixture({ FIXTURE_BEHAVIOUR: behaviour });
    await fixture.message();
    fixture.child.send('go');
    expect(await fixture.exit).toEqual({ code: 70, signal: null });
    expect(fixture.lines.at(-1)).toMatchObject({ level: 'fatal', err: message });
  });

  it('exits 70 when it cannot start', async () => {
    const fixture = startFixture({ FIXTURE_BEHAVIOUR: 'start-fails' });
    expect(await fixture.exit).toEqual({ code: 70, signal: null });
    expect(fixture.lines.at(-1)).toMatchObject({ level: 'fatal', err: 'no broker' });
  });

  it('exits 78 and prints every problem of its configuration', async () => {
    const fixture = startFixture({ TRIVET_ADMIN_PORT: 'many', TRIVET_LOG_LEVL: 'debug' });
    expect(await fixture.exit).toEqual({ code: 78, signal: null });
    expect(fixture.errors.join('')).toContain("TRIVET_ADMIN_PORT is 'many' but must be a whole number from 0 to 65535.");
    expect(fixture.errors.join('')).toContain('Did you mean TRIVET_LOG_LEVEL?');
  });

  it('exits 78 and names the variable when the admin port is taken', async () => {
    const holder = createServer().listen(0, '127.0.0.1');
    await once(holder, 'listening');
    const address = holder.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const fixture = startFixture({ TRIVET_ADMIN_PORT: String(port) });
    const exit = await fixture.exit;
    holder.close();
    expect(exit).toEqual({ code: 78, signal: null });
    expect(JSON.stringify(fixture.lines)).toContain('it is in use');
  });
});

describe('a crash point', () => {
  it('kills the process at its n-th passing, and not before', async () => {
    const fixture = startFixture({ TRIVET_CRASH_AT: 'fixture.tick:3' });
    await fixture.message();
    for (let passing = 1; passing < 3; passing += 1) {
      fixture.child.send('tick');
      expect(await fixture.message()).toEqual({ ticked: true });
    }
    fixture.child.send('tick');
    expect(await fixture.exit).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it('does nothing when another one is armed', async () => {
    const fixture = startFixture({ TRIVET_CRASH_AT: 'elsewhere' });
    await fixture.message();
    fixture.child.send('tick');
    expect(await fixture.message()).toEqual({ ticked: true });
  });
});
