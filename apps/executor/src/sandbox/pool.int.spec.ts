import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { CatalogTool } from '../catalog/tool-catalog.js';
import { bundlePrograms, call, codeOf, echoPlugin, isAlive, isZombie, pluginFromWat, until } from '../../hostile/prepare.js';
import { SandboxPool, type PoolOptions } from './pool.js';

const OWNER = fileURLToPath(new URL('../../hostile/doomed-owner.mjs', import.meta.url));
const LOOP = '(module (func (export "run") (result i32) (loop $l (br $l)) (i32.const 0)))';
/** Asks the host for `model` and gives back what it says. */
const ASK = `(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "length" (func $length (param i64) (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/user" "model" (func $model (param i64) (result i64)))
  (func (export "run") (result i32) (local $block i64)
    (local.set $block (call $alloc (i64.const 2)))
    (call $store (local.get $block) (i32.const 0x7b))
    (call $store (i64.add (local.get $block) (i64.const 1)) (i32.const 0x7d))
    (local.set $block (call $model (local.get $block)))
    (call $output (local.get $block) (call $length (local.get $block)))
    (i32.const 0)))`;

describe('the sandbox pool', () => {
  let pool: SandboxPool;
  let echo: CatalogTool;
  let loop: CatalogTool;
  let ask: CatalogTool;
  const open = (options: PoolOptions): SandboxPool => (pool = new SandboxPool(options));

  beforeAll(async () => {
    bundlePrograms();
    echo = await echoPlugin();
    loop = await pluginFromWat('loop', LOOP, { limits: { timeoutMs: 20_000 } });
    ask = await pluginFromWat('ask', ASK, { grants: { model: true }, limits: { timeoutMs: 20_000 } });
  });
  afterEach(() => pool?.close());

  it('runs a call and reports what it cost', async () => {
    open({ slots: 1 });
    expect(await call(pool, echo, { text: '你好 🌍' })).toMatchObject({ outcome: 'completed', output: { text: '你好 🌍' }, sandbox: { bytesIn: 22, bytesOut: 22, hostCalls: 0, slotPid: expect.any(Number) } });
  });

  it('keeps every layer of containment on this machine, or says which does not hold', async () => {
    open({ slots: 1 });
    const layers = await pool.probeLayers();
    expect(layers.map(({ name }) => name)).toEqual(['process', 'environment', 'files', 'child-processes', 'network', 'plugin-memory', 'process-memory', 'memory-watchdog', 'killed-first']);
    for (const name of ['environment', 'files', 'child-processes', 'plugin-memory']) expect(layers.find((layer) => layer.name === name)).toMatchObject({ holds: true });
    for (const { detail } of layers) expect(detail.length).toBeGreaterThan(4);
  });

  it('ends a cancelled call at once and runs the next', async () => {
    open({ slots: 1 });
    const controller = new AbortController();
    const running = call(pool, loop, {}, { signal: controller.signal });
    await until(() => pool.figures().busy === 1, 'the call runs');
    const cancelledAt = performance.now();
    controller.abort();
    const result = await running;
    expect(performance.now() - cancelledAt).toBeLessThan(5_000);
    expect(codeOf(result)).toBe('cancelled');
    expect(isAlive(result.sandbox.slotPid ?? 0)).toBe(false);
    expect(codeOf(await call(pool, echo, 1))).toBe('completed');
  });

  it('does not start a call that was cancelled while it waited, nor one whose signal had fired', async () => {
    open({ slots: 1 });
    const first = new AbortController();
    const running = call(pool, loop, {}, { signal: first.signal });
    await until(() => pool.figures().busy === 1, 'the first call runs');
    const second = new AbortController();
    const waiting = call(pool, echo, 2, { signal: second.signal });
    second.abort();
    expect(await waiting).toMatchObject({ failure: { code: 'cancelled' }, sandbox: { wallMs: 0 } });
    expect(codeOf(await call(pool, echo, 3, { signal: AbortSignal.abort() }))).toBe('cancelled');
    first.abort();
    await running;
  });

  it('takes the tenants in turn, however many calls of one wait', async () => {
    open({ slots: 1 });
    const order: string[] = [];
    const run = (tenant: string): Promise<void> => call(pool, echo, { text: 'x' }, { tenant }).then(() => void order.push(tenant));
    await run('large');
    await Promise.all([...Array.from({ length: 12 }, () => run('large')), run('small')]);
    expect(order.indexOf('small')).toBeLessThan(4);
  });

  it('runs its processes below everything else of this machine', async () => {
    open({ slots: 1 });
    await call(pool, echo, { text: 'x' });
    expect(getPriority(pool.pids()[0])).toBe(10);
  });

  it('takes the shorter of the two time limits', async () => {
    open({ slots: 1 });
    expect(await call(pool, loop, {}, { timeoutMs: 150 })).toMatchObject({ failure: { code: 'tool_timeout', detail: { limitMs: 150 } } });
    const short = await pluginFromWat('short', LOOP, { limits: { timeoutMs: 120 } });
    expect(await call(pool, short, {}, { timeoutMs: 60_000 })).toMatchObject({ failure: { code: 'tool_timeout', detail: { limitMs: 120 } } });
  });

  it('does not take the time of a tool that the machine kept from computing', async () => {
    open({ slots: 1 });
    const patient = await echoPlugin({ limits: { timeoutMs: 300 } });
    const { sandbox } = await call(pool, patient, 0);
    process.kill(sandbox.slotPid ?? 0, 'SIGSTOP');
    setTimeout(() => process.kill(sandbox.slotPid ?? 0, 'SIGCONT'), 500);
    expect(await call(pool, patient, { text: 'late' })).toMatchObject({ outcome: 'completed', output: { text: 'late' }, sandbox: { slotPid: sandbox.slotPid } });
    process.kill(sandbox.slotPid ?? 0, 'SIGSTOP');
    expect(await call(pool, patient, 1, { timeoutMs: 400 })).toMatchObject({ failure: { code: 'tool_timeout', detail: { limitMs: 300, cpuMs: expect.any(Number) } } });
  });

  it('ends a call of a process that never computes', async () => {
    open({ slots: 1 });
    const patient = await echoPlugin({ limits: { timeoutMs: 200 } });
    const { sandbox } = await call(pool, patient, 0);
    process.kill(sandbox.slotPid ?? 0, 'SIGSTOP');
    const result = await call(pool, patient, 1);
    expect(codeOf(result)).toBe('tool_timeout');
    expect(result.sandbox.wallMs).toBeGreaterThanOrEqual(590);
  });

  it('takes an answer that was there in time, however late it is read', async () => {
    open({ slots: 1 });
    const quick = await echoPlugin({ limits: { timeoutMs: 200 } });
    await call(pool, quick, 0);
    const running = call(pool, quick, { text: 'there' });
    await new Promise((resolve) => setImmediate(resolve));
    for (const until = performance.now() + 1_000; performance.now() < until; );
    expect(await running).toMatchObject({ outcome: 'completed', output: { text: 'there' } });
  });

  it('reports a process that dies as a crash, and replaces it', async () => {
    open({ slots: 1 });
    const { sandbox } = await call(pool, echo, 0);
    const running = call(pool, loop, {});
    await until(() => pool.figures().busy === 1, 'the call runs');
    process.kill(sandbox.slotPid ?? 0, 'SIGKILL');
    expect(await running).toMatchObject({ failure: { code: 'tool_crashed', detail: { signal: 'SIGKILL' } } });
    expect(codeOf(await call(pool, echo, 1))).toBe('completed');
  });

  describe('when calls wait for their host', () => {
    it('gives their turns to others', async () => {
      open({ slots: 1 });
      const answers: (() => void)[] = [];
      const model = () => new Promise<{ value: string }>((resolve) => answers.push(() => resolve({ value: 'answer' })));
      const waiting = [1, 2, 3].map(() => call(pool, ask, {}, { services: { model } }));
      await until(() => answers.length === 3, 'three calls wait in one slot’s worth of turns');
      expect(codeOf(await call(pool, echo, 1))).toBe('completed');
      for (const answer of answers) answer();
      for (const result of await Promise.all(waiting)) expect(result).toMatchObject({ output: { value: 'answer' }, sandbox: { hostCalls: 1 } });
    });

    it('lets nested calls through although every process is taken', async () => {
      open({ slots: 1, maxProcesses: 1 });
      const codes: string[] = [];
      const nested = async (depth: number): Promise<{ value: null }> => {
        const result = await call(pool, depth === 2 ? echo : ask, depth, { depth, services: { model: () => nested(depth + 1) } });
        codes.push(codeOf(result));
        return { value: null };
      };
      await Promise.all(Array.from({ length: 6 }, () => nested(0)));
      expect(codes).toEqual(Array.from({ length: 18 }, () => 'completed'));
      expect(pool.figures().processes).toBeLessThanOrEqual(3);
    });

    it('refuses a call that is nested too deep', async () => {
      open({ slots: 1 });
      expect(await call(pool, echo, 1, { depth: 3 })).toMatchObject({ failure: { code: 'tool_host_denied', detail: { value: 3, limit: 2 } } });
    });

    it('tells their host when they end', async () => {
      open({ slots: 1 });
      let ended = false;
      const model = (_call: unknown, _request: unknown, _occurrence: number, signal: AbortSignal) =>
        new Promise<never>(() => signal.addEventListener('abort', () => (ended = true)));
      // Long enough that it has asked by then, also on a busy machine.
      expect(codeOf(await call(pool, ask, {}, { timeoutMs: 1_500, services: { model } }))).toBe('tool_timeout');
      await until(() => ended, 'the host was told');
    });

    it('fails with the refusal of their host when they do not handle it', async () => {
      open({ slots: 1 });
      const denied = await pluginFromWat('denied', ASK, {});
      // This plugin passes the answer on instead of failing: a denial that is handled is no failure.
      expect(await call(pool, denied, {})).toMatchObject({ output: { error: { code: 'tool_host_denied', message: 'Tool denied asked for model, which its manifest does not grant.' } } });
    });
  });

  describe('processes', () => {
    it('never serve two tenants, and bundled tools have their own', async () => {
      open({ slots: 2 });
      const uploaded = await echoPlugin({ isolation: 'tenant' });
      const pidOf = async (tool: CatalogTool, tenant: string): Promise<number> => (await call(pool, tool, 1, { tenant })).sandbox.slotPid ?? 0;
      const seen = new Map<number, Set<string>>();
      for (const [tool, tenant, owner] of [[uploaded, 'red', 'red'], [uploaded, 'blue', 'blue'], [echo, 'red', 'shared'], [uploaded, 'red', 'red'], [echo, 'blue', 'shared'], [uploaded, 'green', 'green'], [uploaded, 'blue', 'blue']] as const) {
        const pid = await pidOf(tool, tenant);
        seen.set(pid, (seen.get(pid) ?? new Set()).add(owner));
      }
      for (const owners of seen.values()) expect(owners.size).toBe(1);
    });

    it('make room for a tenant when all are taken by others', async () => {
      open({ slots: 1, maxProcesses: 1 });
      const uploaded = await echoPlugin({ isolation: 'tenant' });
      for (const tenant of ['a', 'b', 'c', 'd', 'e', 'f']) expect(codeOf(await call(pool, uploaded, 1, { tenant }))).toBe('completed');
      expect(pool.figures().processes).toBeLessThanOrEqual(3);
    });

    it('are replaced after their number of calls', async () => {
      open({ slots: 1, limits: { callsPerSharedProcess: 3 } });
      const pids = [];
      for (let index = 0; index < 7; index += 1) pids.push((await call(pool, echo, index)).sandbox.slotPid);
      expect(new Set(pids).size).toBe(3);
    });

    it('are not started in numbers that nobody needs', async () => {
      open({ slots: 2 });
      await Promise.all(Array.from({ length: 50 }, (_, index) => call(pool, echo, index)));
      expect(pool.figures().processes).toBe(2);
    });

    it('that cannot even be started fail the calls that wait for them, with what they said', async () => {
      // Far too little memory for Node itself.
      open({ slots: 1, limits: { maxMemoryMib: -180, bootTimeoutMs: 300 } });
      expect(await call(pool, echo, 1)).toMatchObject({ failure: { code: 'unavailable', message: expect.stringContaining('could not be started 5 times in a row') } });
    });

    it('end with the pool, also those that loop; what waits fails', async () => {
      open({ slots: 2 });
      const running = [call(pool, loop, {}), call(pool, loop, {}), call(pool, loop, {})];
      await until(() => pool.figures().busy === 2, 'two calls run');
      await pool.close();
      const results = await Promise.all(running);
      expect(results.map(codeOf)).toEqual(['unavailable', 'unavailable', 'unavailable']);
      for (const { sandbox } of results) if (sandbox.slotPid) expect(isAlive(sandbox.slotPid)).toBe(false);
      expect(pool.figures()).toMatchObject({ processes: 0, busy: 0, queued: 0 });
      expect(codeOf(await call(pool, echo, 1))).toBe('unavailable');
    });
  });

  it('can be closed by a process that has nothing else to do', () => {
    const owner = spawnSync(process.execPath, ['--no-warnings', OWNER, 'close'], { encoding: 'utf8', timeout: 20_000 });
    expect([owner.status, owner.stdout.trim().split('\n').at(-1)]).toEqual([0, 'closed']);
  }, 30_000);

  describe('when the process that owns the pool is killed', () => {
    const children: ChildProcess[] = [];
    afterEach(() => children.splice(0).forEach((child) => child.kill('SIGKILL')));

    it('leaves no slot behind, not even one that loops for ever', async () => {
      const owner = spawn(process.execPath, ['--no-warnings', OWNER], { stdio: ['ignore', 'pipe', 'inherit'] });
      children.push(owner);
      const [line] = await once(owner.stdout, 'data');
      const pids: number[] = JSON.parse(String(line));
      expect(pids).toHaveLength(2);
      for (const pid of pids) expect(isAlive(pid)).toBe(true);
      owner.kill('SIGKILL');
      await until(() => !pids.some(isRunning), 'the slots end', 15_000);
    }, 30_000);
  });
});

/** A killed process that nobody has waited for yet is not running any more. */
function isRunning(pid: number): boolean {
  return isAlive(pid) && !isZombie(pid);
}
