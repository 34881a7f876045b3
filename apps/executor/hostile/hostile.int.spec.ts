import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { residentBytes } from '../src/sandbox/process-figures.js';
import { SandboxPool } from '../src/sandbox/pool.js';
import { putOutCanaries, type Canaries } from './canaries.js';
import { call, codeOf, echoPlugin, evilPlugin, pluginFromWat, prepareSandbox, type PluginOptions } from './prepare.js';
import type { CatalogTool } from '../src/catalog/tool-catalog.js';

const NEIGHBOURS = 99;
const MIB = 1_048_576;

/** Exports of evil.as.ts, and the one code each may end with. */
const ATTACKS: [entry: string, code: string, options: PluginOptions][] = [
  ['loopForever', 'tool_timeout', { limits: { timeoutMs: 400 } }],
  ['growMemory', 'tool_memory_exceeded', {}],
  ['fewHugeBlocks', 'tool_memory_exceeded', {}],
  ['manySmallBlocks', 'tool_memory_exceeded', {}],
  ['manyBigBlocks', 'tool_memory_exceeded', {}],
  ['negativeBlock', 'tool_memory_exceeded', {}],
  ['variableBomb', 'tool_memory_exceeded', {}],
  ['hugeOutput', 'tool_output_too_large', {}],
  ['trap', 'tool_trapped', {}],
  ['divideByZero', 'tool_trapped', {}],
  ['outOfBounds', 'tool_trapped', {}],
  ['overflowStack', 'tool_trapped', {}],
  ['badPointerRead', 'tool_trapped', {}],
  ['badPointerOutput', 'tool_trapped', {}],
  ['badPointerHost', 'tool_trapped', {}],
  ['badPointerHttp', 'tool_trapped', {}],
  ['badPointerModel', 'tool_trapped', { grants: { model: true } }],
  ['badPointerLog', 'tool_trapped', {}],
  ['badPointerKv', 'tool_trapped', { grants: { kv: true } }],
  ['badPointerMemory', 'tool_trapped', { grants: { memory: true } }],
  ['readsBesideBlock', 'tool_trapped', {}],
  ['readsBeforeBlock', 'tool_trapped', {}],
  ['writesBesideBlock', 'tool_trapped', {}],
  ['outputLongerThanBlock', 'tool_trapped', {}],
  ['returnsCode', 'tool_failed', {}],
  ['failsInWords', 'tool_failed', {}],
  ['saysNothing', 'tool_output_invalid', {}],
  ['notJson', 'tool_output_invalid', {}],
  ['notUtf8', 'tool_output_invalid', {}],
  ['prototypeKey', 'tool_output_invalid', {}],
  ['readsFile', 'tool_host_denied', { grants: { files: true } }],
  ['fetchesUngranted', 'tool_host_denied', {}],
  ['fetchesUngranted', 'tool_host_denied', { grants: { http: [{ host: '*' }] } }],
  ['spamHost', 'tool_host_calls_exceeded', {}],
  ['spamLog', 'tool_host_calls_exceeded', {}],
];

describe('the sandbox under attack', () => {
  let pool: SandboxPool;
  let tools: Map<string, CatalogTool>;
  let echo: CatalogTool;
  let canaries: Canaries;
  let hostPeakBytes = 0;

  beforeAll(async () => {
    tools = await prepareSandbox();
    echo = await echoPlugin();
    canaries = await putOutCanaries(process.env);
    pool = new SandboxPool({ slots: 2 });
  }, 120_000);
  afterAll(async () => {
    await pool.close();
    await canaries.close();
  });

  /** Runs the attack among its neighbours; every one of them must get its own answer. */
  async function attack(run: () => Promise<Awaited<ReturnType<typeof call>>>): Promise<Awaited<ReturnType<typeof call>>> {
    const before = residentBytes(process.pid) ?? 0;
    const attacker = run();
    const neighbours = await Promise.all(Array.from({ length: NEIGHBOURS }, (_, index) => call(pool, echo, { index, key: canaries.foreignKey }, { tenant: 'neighbour' })));
    expect(neighbours.map((result) => (result.outcome === 'completed' ? result.output : result))).toEqual(Array.from({ length: NEIGHBOURS }, (_, index) => ({ index, key: canaries.foreignKey })));
    const result = await attacker;
    canaries.check(result);
    hostPeakBytes = Math.max(hostPeakBytes, (residentBytes(process.pid) ?? 0) - before);
    return result;
  }

  it.each(ATTACKS)('contains %s as %s', async (entry, code, options) => {
    const plugin = await evilPlugin(entry, options);
    const result = await attack(() => call(pool, plugin, {}));
    expect([codeOf(result), result.outcome === 'failed' ? result.failure.message : '']).toEqual([code, expect.stringMatching(/.{10,}/)]);
    expect(result.sandbox.slotPid).toBeGreaterThan(0);
  });

  it('does not stand in the way of a tool that stays within its limits', async () => {
    const result = await attack(async () => call(pool, await evilPlugin('staysWithin'), {}));
    expect(result).toMatchObject({ outcome: 'completed', output: expect.stringMatching(/^x+$/), sandbox: { bytesOut: 65_536, hostCalls: 10 } });
  });

  it('does not let an attack grow this process', () => {
    expect(hostPeakBytes / MIB).toBeLessThan(100);
  });

  it('says the limit and the value reached', async () => {
    const timedOut = await call(pool, await evilPlugin('loopForever', { limits: { timeoutMs: 200 } }), {});
    expect(timedOut).toMatchObject({ failure: { message: expect.stringContaining('200 ms'), detail: { limitMs: 200 } }, sandbox: { cpuMs: expect.any(Number) } });
    const tooLarge = await call(pool, await evilPlugin('hugeOutput'), {});
    expect(tooLarge).toMatchObject({ failure: { message: 'Tool hugeOutput returned 16 MiB; its limit is 64 KiB.', detail: { valueKib: 16_384, limitKib: 64 } } });
    const spam = await call(pool, await evilPlugin('spamHost', { limits: { hostCalls: 3 } }), {});
    expect(spam).toMatchObject({ failure: { detail: { value: 4, limit: 3 } } });
    const words = await call(pool, await evilPlugin('failsInWords'), {});
    expect(words).toMatchObject({ failure: { message: 'own words 中文 🌍' } });
  });

  it('contains tables that grow', async () => {
    const tables = Array.from({ length: 4 }, (_, index) => `(table $t${index} 1 externref)`).join(' ');
    const grow = Array.from({ length: 4 }, (_, index) => `(if (i32.ne (i32.const -1) (table.grow $t${index} (ref.null extern) (i32.const 9000000))) (then unreachable))`).join(' ');
    const plugin = await pluginFromWat('tables', `(module ${tables} (func (export "run") (result i32) ${grow} (i32.const 9)))`);
    expect(await attack(() => call(pool, plugin, {}))).toMatchObject({ failure: { code: 'tool_failed', detail: { returnCode: 9 } } });
  });

  it('contains a loop in the initialiser, which runs before the entry', async () => {
    const plugin = await pluginFromWat('initialiser', '(module (func (export "_initialize") (loop $l (br $l))) (func (export "run") (result i32) (i32.const 0)))', { limits: { timeoutMs: 300 } });
    expect(codeOf(await attack(() => call(pool, plugin, {})))).toBe('tool_timeout');
  });

  it('contains a module that passes admission but is not valid', async () => {
    const plugin = await pluginFromWat('broken', '(module (func (export "run") (result i32) (i32.const 0)))');
    const cut = { ...plugin, sandbox: { ...plugin.sandbox, digest: 'f'.repeat(64), module: withBrokenCode(plugin.sandbox.module) } };
    expect(codeOf(await attack(() => call(pool, cut, {})))).toBe('tool_refused');
  });

  it('ends a process that grows although each cap holds, by the watchdog', async () => {
    const strict = new SandboxPool({ slots: 1, limits: { watchdogSlackMib: 16 } });
    try {
      const result = await call(strict, await evilPlugin('fillBoth', { limits: { memoryMib: 64, timeoutMs: 20_000 } }), {});
      expect(result).toMatchObject({ failure: { code: 'tool_memory_exceeded', message: expect.stringMatching(/grow by \d+ MiB; its limit is 64 MiB and 16 MiB of slack/) } });
      expect(result.sandbox.peakMemoryMib).toBeGreaterThan(80);
      expect(codeOf(await call(strict, echo, 1))).toBe('completed');
    } finally {
      await strict.close();
    }
  });

  it('ignores addresses of variables that are none', async () => {
    expect(await attack(async () => call(pool, await evilPlugin('badPointerVariable'), {}))).toMatchObject({ outcome: 'completed', output: null });
  });

  it('goes on after a denial the plugin swallows, without having given anything', async () => {
    expect(await call(pool, await evilPlugin('swallowsDenial', { grants: { files: true } }), {})).toMatchObject({ outcome: 'completed', output: 'went on' });
    expect(await call(pool, await evilPlugin('sendsNonsense', { grants: { http: [{ host: '*' }] } }), {})).toMatchObject({ output: true });
  });

  it('has no configuration and no environment to read', async () => {
    expect(await call(pool, await evilPlugin('readConfiguration'), {})).toMatchObject({ output: 0 });
  });

  it('keeps nothing from one call to the next', async () => {
    const plugin = await evilPlugin('leaksState');
    for (const secret of ['"first"', '"second"', '"third"']) expect(await call(pool, plugin, JSON.parse(secret))).toMatchObject({ output: { counter: 1, before: null } });
  });

  describe('through code_javascript', () => {
    const run = (code: string, timeoutMs?: number) => attack(() => call(pool, toolNamed('code_javascript'), { code, ...(timeoutMs ? { timeoutMs } : {}) }));
    const toolNamed = (name: string): CatalogTool => {
      const tool = tools.get(name);
      if (!tool) throw new Error(`no tool ${name}`);
      return tool;
    };

    it.each(['require("fs")', 'process.env', 'import("fs")', 'fetch("http://127.0.0.1")', 'WebAssembly.compile', 'globalThis.h("{}")', 'std.open("/etc/passwd")', 'Deno.readTextFile("/etc/passwd")'])('finds nothing behind %s', async (code) => {
      expect(codeOf(await run(code))).toBe('tool_failed');
    });

    it('reaches no more through the constructor of a function than the script itself', async () => {
      const result = await run('const all = (function () {}).constructor("return Object.getOwnPropertyNames(globalThis)")(); all.filter((name) => /^(require|process|fetch|Deno|Bun|std|os|scriptArgs|[a-z])$/.test(name))');
      expect(result).toMatchObject({ outcome: 'completed', output: { value: [] } });
    });

    it.each(['for(;;);', 'while(true) { try { for(;;); } catch {} }', 'const f = () => Promise.resolve().then(f); await f()', '/(a+)+$/.test("a".repeat(40) + "b")', 'new Array(1e9).fill(0).map(() => 1)'])('ends %s', async (code) => {
      expect(['tool_fuel_exhausted', 'tool_timeout', 'tool_memory_exceeded']).toContain(codeOf(await run(code, 300)));
    }, 60_000);

    it('ends a script that eats memory, and one that recurses', async () => {
      expect(codeOf(await run('const a = []; for (;;) a.push("x".repeat(100000) + a.length)'))).toBe('tool_memory_exceeded');
      expect(await run('const f = () => f() + 1; f()')).toMatchObject({ failure: { code: 'tool_failed', message: expect.stringContaining('call stack') } });
    });

    it('may not call a tool that is not granted', async () => {
      expect(codeOf(await run('await tool("web_fetch", { url: "http://127.0.0.1/" })'))).toBe('tool_host_denied');
    });
  });
});

/** Replaces the body of the only function by an instruction that does not exist. */
function withBrokenCode(module: Uint8Array): Uint8Array {
  const broken = module.slice();
  broken[broken.length - 2] = 0xff;
  return broken;
}
