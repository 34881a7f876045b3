import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, until } from '../testing/processes.js';
import { supervise, type ServiceLine, type Supervised } from './supervise.js';

let dir: string;
let running: Supervised[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-supervise-'));
});
afterEach(async () => {
  await Promise.all(running.map((service) => service.stop(500)));
  running = [];
  rmSync(dir, { recursive: true, force: true });
});

const SERVE = 'process.send({ ready: true, adminPort: 4711 }); setInterval(() => undefined, 1000); process.on("SIGTERM", () => process.exit(0));';

function start(source: string, options: { crashAt?: string; onLine?: (line: ServiceLine) => void } = {}): Supervised {
  const script = join(dir, 'service.mjs');
  writeFileSync(script, source);
  const service = supervise({ name: 'stand-in', script, environment: { PATH: process.env['PATH'] }, logFile: join(dir, 'service.log'), ...options });
  running.push(service);
  return service;
}

describe('supervise', () => {
  it('is ready when the service says so, with its ports', async () => {
    expect(await start(SERVE).ready).toEqual({ adminPort: 4711, httpPort: undefined });
  });

  it('starts a killed service again at once', async () => {
    const service = start(SERVE);
    await service.ready;
    const firstPid = service.pid;
    const killedAt = Date.now();
    service.kill('SIGKILL');
    await until(() => service.restarts === 1);
    await service.nextReady();
    expect(Date.now() - killedAt).toBeLessThan(10_000);
    expect(service.pid).not.toBe(firstPid);
  });

  it('never gives up on a service that crashes each time, with pauses of one second at most', async () => {
    const starts: number[] = [];
    const service = start('console.log("started"); process.exit(3);', { onLine: () => starts.push(Date.now()) });
    await until(() => service.restarts >= 7, 20_000);
    const pauses = starts.slice(1).map((at, index) => at - (starts[index] ?? at));
    expect(Math.max(...pauses)).toBeLessThan(10_000);
  });

  it('gives up before the first readiness when the configuration is wrong (exit 78)', async () => {
    const service = start('console.error("TRIVET_X is unknown"); process.exit(78);');
    await expect(service.ready).rejects.toThrow(/refuses its configuration/);
    expect(service.restarts).toBe(0);
  });

  it('hands the crash point to the first start only', async () => {
    const seen: string[] = [];
    const service = start(`console.log(String(process.env.TRIVET_CRASH_AT)); if (process.env.TRIVET_CRASH_AT) process.kill(process.pid, "SIGKILL"); ${SERVE}`, { crashAt: 'here', onLine: (line) => seen.push(line.text) });
    await service.ready;
    await until(() => seen.length === 2);
    expect(seen).toEqual(['here', 'undefined']);
  });

  it('keeps every line in the log and tells stderr from stdout', async () => {
    const lines: ServiceLine[] = [];
    const service = start(`console.log("one"); console.error("two"); ${SERVE}`, { onLine: (line) => lines.push(line) });
    await service.ready;
    await until(() => lines.length === 2);
    expect(lines).toContainEqual({ service: 'stand-in', text: 'two', fromStderr: true });
    await service.stop();
    expect(readFileSync(join(dir, 'service.log'), 'utf8')).toContain('one\n');
  });

  it('kills a service that does not end when asked', async () => {
    const service = start('process.on("SIGTERM", () => undefined); process.send({ ready: true }); setInterval(() => undefined, 1000);');
    await service.ready;
    const pid = service.pid ?? 0;
    await service.stop(200);
    expect(isAlive(pid)).toBe(false);
  });

  it('ends what the service started and left behind', async () => {
    const lines: string[] = [];
    const service = start(`import { spawn } from 'node:child_process'; console.log(spawn('sleep', ['600']).pid); ${SERVE}`, { onLine: (line) => lines.push(line.text) });
    await service.ready;
    await until(() => lines.length === 1);
    await service.stop();
    await until(() => !isAlive(Number(lines[0])));
  });
});
