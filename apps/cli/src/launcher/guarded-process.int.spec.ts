import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { transform } from '@swc/core';
import { fileURLToPath } from 'node:url';
import { isAlive, until } from '../testing/processes.js';
import { startGuarded } from './guarded-process.js';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-guard-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe('startGuarded', () => {
  it('reports the pid of the process itself and how it ended', async () => {
    const guarded = startGuarded('sleep', ['600'], { logFile: join(dir, 'log') });
    // While the shell becomes the process, its command line is empty for a moment.
    await until(() => readFileSync(`/proc/${guarded.pid}/cmdline`, 'utf8').startsWith('sleep\0'), 30_000);
    guarded.kill('SIGKILL');
    expect(await guarded.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it.each([
    ['a server', "{ logFile: '/dev/null' }", 'sleep'],
    ['a server that ignores SIGTERM', "{ logFile: '/dev/null' }", 'deaf'],
    ['a service with a message channel that takes no notice', '{ ipc: true }', 'deaf'],
  ])('ends %s when its starter is killed with SIGKILL', async (_what, options, kind) => {
    const command = kind === 'sleep' ? "'sleep', ['600']" : `process.execPath, ['-e', 'process.on("SIGTERM", () => 1); process.on("disconnect", () => 1); require("child_process").spawn("sleep", ["601"]); setInterval(() => 1, 1000)']`;
    const starter = spawn(process.execPath, [await starterScript(`const guarded = startGuarded(${command}, ${options}); console.log(guarded.pid); setInterval(() => 1, 1000);`)], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = await once(createInterface({ input: starter.stdout }), 'line');
    const pid = Number(line);
    expect(isAlive(pid)).toBe(true);
    starter.kill('SIGKILL');
    // The times only catch a hang; the watcher gives a server 6 s before it kills it.
    await until(() => !isAlive(pid), 30_000);
    await until(() => !groupIsAlive(pid), 30_000);
  }, 90_000);
});

/** The starter runs outside jest, so the module under test is transpiled for it. */
async function starterScript(body: string): Promise<string> {
  const source = readFileSync(fileURLToPath(new URL('./guarded-process.ts', import.meta.url)), 'utf8');
  const { code } = await transform(source, { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'es6' } });
  writeFileSync(join(dir, 'guarded-process.mjs'), code);
  const script = join(dir, 'starter.mjs');
  writeFileSync(script, `import { startGuarded } from './guarded-process.mjs'; ${body}`);
  return script;
}

/** Members of the group that still run; ended ones that nobody has reaped yet do not count. */
function groupIsAlive(groupId: number): boolean {
  const listed = execFileSync('ps', ['-eo', 'pgid=,stat='], { encoding: 'utf8' });
  return listed.split('\n').some((row) => new RegExp(`^\\s*${groupId}\\s+[^Z]`).test(row));
}
