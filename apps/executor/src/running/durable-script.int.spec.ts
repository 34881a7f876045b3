import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { JsonObject, JsonValue } from '@trivet/contracts';
import type { ScriptSnapshot, ScriptSnapshots } from '@trivet/state';
import { prepareSandbox } from '../../hostile/prepare.js';
import { callTool } from '../call-tool.js';
import type { CatalogTool } from '../catalog/tool-catalog.js';
import { SandboxPool } from '../sandbox/pool.js';
import type { SandboxResult } from '../sandbox/result.js';
import { durableScriptOf, runFromSnapshot } from './durable-script.js';

const STARTED_AT = Date.UTC(2026, 0, 2);
/** Takes more than the CPU time after which a snapshot is taken. */
const WORK = 'function work() { let x = 1; for (let i = 0; i < 700_000; i += 1) x = (x * 31 + i) % 1_000_003; return x; }';

interface Awaiting {
  awaits: { kind: string; tool: string; input: { n: number } }[];
}

describe('a script that waits', () => {
  let pool: SandboxPool;
  let javascript: CatalogTool;
  let kept: Map<string, ScriptSnapshot>;
  beforeAll(async () => {
    const tool = (await prepareSandbox()).get('code_javascript');
    if (!tool) throw new Error('no tool code_javascript');
    javascript = tool;
    pool = new SandboxPool({ slots: 1 });
  }, 180_000);
  afterAll(() => pool.close());
  beforeEach(() => void (kept = new Map()));

  const memory: ScriptSnapshots = {
    find: async (_ref, script) => kept.get(script) ?? null,
    put: async (_ref, script, snapshot) => void kept.set(script, snapshot),
    remove: async (_ref, script) => void kept.delete(script),
  };
  const none: ScriptSnapshots = { find: async () => null, put: async () => undefined, remove: async () => undefined };
  const host = async () => ({ value: null });

  function runOnce(code: string, results: JsonValue[], snapshots: ScriptSnapshots, more: JsonObject = {}): Promise<SandboxResult> {
    const input: JsonObject = { code, ...more, durable: { tools: ['double'], startedAtMs: STARTED_AT, results } };
    const script = durableScriptOf('code_javascript', input);
    if (!script) throw new Error('no durable script');
    return runFromSnapshot({ snapshots, ref: { tenant: 'default', workflowId: 'w' }, script, interpreter: javascript.sandbox.digest, onError: (error) => { throw error; }, run: (snapshot) => callTool(pool, javascript, input, { tenant: 'default', host, nowMs: STARTED_AT, resumable: { snapshot } }) });
  }

  /** As the machine does: what it waits for ends, and it is run again. @returns its output, and the CPU time of all its runs */
  async function runWhole(code: string, snapshots: ScriptSnapshots, more: JsonObject = {}): Promise<{ output: unknown; cpuMs: number; runs: number }> {
    const results: JsonValue[] = [];
    let cpuMs = 0;
    for (let runs = 1; ; runs += 1) {
      const result = await runOnce(code, results, snapshots, more);
      cpuMs += result.sandbox.cpuMs;
      if (result.outcome === 'failed') return { output: result.failure, cpuMs, runs };
      const { awaits = [] } = result.output as Partial<Awaiting>;
      if (awaits.length === 0) return { output: result.output, cpuMs, runs };
      for (const { input } of awaits) results.push(input.n < 0 ? { of: 'tool double', error: { code: 'tool_failed', message: `no ${input.n}` } } : { of: 'tool double', value: input.n * 2 });
    }
  }

  const SCRIPTS: [string, string][] = [
    ['keeps its variables, closures and random numbers', `${WORK} const seen = []; let sum = 0; const add = (n) => (sum += n); for (let n = 1; n <= 6; n += 1) { seen.push([work(), Math.random(), Date.now()]); add(await tool('double', { n })); console.log('step', n, sum); } ({ seen, sum });`],
    ['keeps generators, maps, errors and large values', `${WORK} function* count() { for (let i = 1; ; i += 1) yield i; } const next = count(); const map = new Map([['a', { deep: [1, 2, 3] }]]); const big = 'x'.repeat(3_000_000); const list = Array.from({ length: 50_000 }, (_, i) => ({ i })); let caught; for (const n of [3, -1, 5]) { work(); try { map.set(next.next().value, await tool('double', { n })); } catch (error) { caught = [error.name, error.code, error.message]; } } ({ map, caught, big: big.length, last: list.at(-1), re: /(?<w>\\w+)/.exec('hello').groups.w });`],
    ['keeps the order of what goes on beside each other', `${WORK} const order = []; const chain = async (name, delay, n) => { for (let i = 0; i < delay; i += 1) await null; for (let k = 0; k < 3; k += 1) { work(); order.push([name, await tool('double', { n: n + k })]); } }; await Promise.all([chain('a', 5, 10), chain('b', 0, 20), chain('c', 2, 30)]); order;`],
    ['keeps its folder', `${WORK} files.write('a.txt', 'one'); work(); const n = await tool('double', { n: 4 }); files.write('b.txt', files.read('a.txt') + n); work(); await tool('double', { n: 1 }); files.list();`],
    ['ends without waiting for what it asked for', `${WORK} work(); await tool('double', { n: 1 }); work(); tool('double', { n: 2 }); 'done'`],
    ['holds more than a snapshot is taken of', `${WORK} const big = new Uint32Array(25 << 18); big.fill(7); for (let n = 0; n < 3; n += 1) { work(); big[n] = await tool('double', { n }); } [big.length, big[2], big[3]]`],
    ['has requests that count how often they are looked at', `${WORK} let looked = 0; for (let n = 0; n < 3; n += 1) { work(); await tool('double', { toJSON() { looked += 1; return { n }; } }); } looked`],
    ['asks for more while a request is looked at', `${WORK} const more = []; for (let n = 0; n < 3; n += 1) { work(); await tool('double', { n, get also() { if (more.length < 2) more.push(tool('double', { n: n + 100 })); return 1; } }); } await Promise.all(more);`],
    ['watches its prototypes', `${WORK} let seen = 0; for (const name of ['slice', 'map', 'push', 'join']) { const own = Array.prototype[name]; Array.prototype[name] = function (...values) { seen += 1; return own.apply(this, values); }; } for (const name of ['timeoutMs', 'toJSON', 'durable', 'error']) Object.defineProperty(Object.prototype, name, { configurable: true, get() { seen += 1; return undefined; }, set(value) { Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true }); } }); Object.defineProperty(Array.prototype, 1, { configurable: true, get() { seen += 1; }, set(value) { seen += 100; Object.defineProperty(this, 1, { value, writable: true, enumerable: true, configurable: true }); } }); const all = []; for (let n = 0; n < 3; n += 1) { work(); all[n] = await tool('double', { n }); } for (const name of ['timeoutMs', 'toJSON', 'durable', 'error']) delete Object.prototype[name]; delete Array.prototype[1]; ({ all, seen });`],
    ['says the line of an error after an await', `${WORK}\nwork();\nawait tool('double', { n: 1 });\nwork();\nnull.x;`],
  ];

  it.each(SCRIPTS)('%s, whether it is gone on with or run again', async (_what, code) => {
    const again = await runWhole(code, none);
    const goneOn = await runWhole(code, memory);
    expect(goneOn.output).toEqual(again.output);
    expect(goneOn.runs).toBe(again.runs);
    expect(goneOn.runs).toBeGreaterThan(1);
    // Its last snapshot went with it.
    expect(kept.size).toBe(0);
  }, 60_000);

  it('does its work once, where it is gone on with', async () => {
    const code = `${WORK} for (let n = 0; n < 8; n += 1) { work(); await tool('double', { n }); } 'done'`;
    const [again, goneOn] = [await runWhole(code, none), await runWhole(code, memory)];
    expect([again.output, goneOn.output]).toEqual([{ value: 'done', output: '' }, { value: 'done', output: '' }]);
    // 44 times the work against 8 times.
    expect(goneOn.cpuMs).toBeLessThan(again.cpuMs / 1.5);
  }, 60_000);

  it('has its limit of instructions for each stretch of its work', async () => {
    const code = `${WORK} for (let n = 0; n < 4; n += 1) { work(); work(); await tool('double', { n }); } 'done'`;
    // 400 units of fuel; a stretch takes about 280.
    const more = { timeoutMs: 16 };
    const [again, goneOn] = [await runWhole(code, none, more), await runWhole(code, memory, more)];
    expect(again.output).toMatchObject({ code: expect.stringMatching(/^tool_(fuel_exhausted|timeout)$/) });
    expect(goneOn.output).toEqual({ value: 'done', output: '' });
  }, 60_000);

  describe('whose snapshot is of no use', () => {
    const code = `${WORK} work(); const a = await tool('double', { n: 1 }); work(); const b = await tool('double', { n: a }); a + b`;
    const first = { of: 'tool double', value: 2 };
    const begun = async (): Promise<[string, ScriptSnapshot]> => {
      await runOnce(code, [], memory);
      await runOnce(code, [first], memory);
      const [entry] = kept;
      if (!entry) throw new Error('no snapshot was kept');
      return entry;
    };

    it.each<[string, (snapshot: ScriptSnapshot) => ScriptSnapshot]>([
      ['since it is of another interpreter', (snapshot) => ({ ...snapshot, madeOf: 'f'.repeat(64) })],
      ['since it is of more results', (snapshot) => ({ ...snapshot, results: 7 })],
      ['since it is damaged', (snapshot) => ({ ...snapshot, bytes: snapshot.bytes.map((byte, index) => (index % 97 === 50 ? byte ^ 0xff : byte)).subarray(0, snapshot.bytes.length >> 1) })],
      ['since it is empty', (snapshot) => ({ ...snapshot, bytes: new Uint8Array(1) })],
    ])('%s, is run from its beginning', async (_what, spoil) => {
      const [script, snapshot] = await begun();
      kept.set(script, spoil(snapshot));
      expect(await runOnce(code, [first, { of: 'tool double', value: 4 }], memory)).toMatchObject({ output: { value: 6 } });
    }, 60_000);

    it('since other results came before, is run from its beginning', async () => {
      await begun();
      expect(await runOnce(code, [{ of: 'tool double', value: 100 }, { of: 'tool double', value: 4 }], memory)).toMatchObject({ output: { value: 104 } });
    }, 60_000);
  });
});
