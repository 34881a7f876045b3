import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { compileWat } from '@trivet/tool-sdk';
import { admit } from '../apps/executor/dist/admission/admit.js';
import { loadTools } from '../apps/executor/dist/catalog/tool-catalog.js';
import { measurePython } from './executor/python.mjs';
import { installPeers } from './peers.mjs';
import { measureBoot, measureMemory } from './executor/slots.mjs';
import { openExtism, openPlain, openPool, openProcesses } from './executor/ways.mjs';
import { closedLoop, cpuMsOf, latencies, median, percentile, round } from './measure.mjs';

const PLUGINS = fileURLToPath(new URL('../apps/executor/plugins', import.meta.url));
const SLOTS = 2;
const IN_FLIGHT = 8;
const KIB_64 = 65_536;
const LONG_LIMITS = { timeoutMs: 60_000, memoryMib: 64, outputKib: 1024, hostCalls: 10_000 };

/** `alone`: runs in this thread, so that many in flight are no more than one. */
const WAYS = [
  { name: 'plain WebAssembly.Instance, same process (the floor; contains nothing)', open: openPlain, alone: true },
  { name: 'Trivet, slot process', open: () => openPool(SLOTS) },
  { name: 'Extism in the foreground, fresh plugin (contains nothing)', open: () => openExtism(false), alone: true },
  { name: 'Extism runInWorker, fresh plugin', open: () => openExtism(true) },
  { name: 'node:child_process a call', open: () => openProcesses((tool) => `${PLUGINS}/${tool.name}/dist/${tool.name}.wasm`) },
];
const OURS = 'Trivet, slot process';

/** A call on a fresh instance, beside the floor and what others offer; then what is the sandbox's alone. */
export async function executor({ say, repetitions = 3 }) {
  installPeers(say);
  const tools = await benchTools();
  const measured = new Map(WAYS.map(({ name }) => [name, []]));
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const way of WAYS) {
      const figures = await measureWay(way, tools).catch((error) => ({ error: error.message.split('\n')[0] }));
      measured.get(way.name).push(figures);
      say(`${repetition}/${repetitions}  ${way.name.padEnd(72)} ${figures.error ?? Object.entries(figures).map(([what, each]) => `${what}: ${each.p50} ms, ${each.perSecond}/s`).join('   ')}`);
    }
  }
  const rows = [...measured].map(([name, all]) => summary(name, all));
  const [boot, memory, hostCalls] = [await measureBoot(), await measureMemory(tools), await measureHostCalls()];
  const python = await measurePython((await loadTools(PLUGINS, { maxMemoryMib: 256 })).get('code_python').sandbox);
  say(`a slot is ready after p50 ${boot.p50} ms; ${memory.booted.private} MiB of its own; a host call takes ${hostCalls[OURS].usEach} µs`);
  return { slots: SLOTS, inFlight: IN_FLIGHT, loadAtEnd: round(loadavg()[0]), rows, ratios: ratios(rows), boot, memory, hostCalls, python };
}

/** The smallest AssemblyScript tool and one in JavaScript, each with an input of a few bytes and one of 64 KiB. */
async function benchTools() {
  const catalog = await loadTools(PLUGINS, { maxMemoryMib: 256 });
  const text = 'words of a text '.repeat(KIB_64 / 16);
  const of = (name, small, large) => ({ name, tool: catalog.get(name).sandbox, small: Buffer.from(JSON.stringify(small)), large: Buffer.from(JSON.stringify(large)) });
  return [
    of('text_stats', { text: 'a' }, { text }),
    of('json_query', { expression: 'a', data: { a: 1 } }, { expression: 'length(a)', data: { a: text } }),
  ];
}

async function measureWay({ open, alone }, tools) {
  const figures = {};
  for (const { name, tool, small, large } of tools) {
    for (const [size, input] of [['small', small], ['64 KiB', large]]) {
      const way = open();
      try {
        const runOne = () => way.call(tool, input);
        expectSame(`${name}, ${size}`, await runOne());
        await closedLoop(runOne, { count: 300, concurrency: IN_FLIGHT, mostSeconds: 1 });
        const one = await oneByOne(runOne);
        const cpu = cpuMsOf(process.pid);
        const many = await closedLoop(runOne, { count: 20_000, concurrency: alone ? 1 : IN_FLIGHT, mostSeconds: 2 });
        figures[`${name}, ${size}`] = { p50: one.p50, p99: one.p99, perSecond: many.perSecond, cpuUs: Math.round(((cpuMsOf(process.pid) - cpu) * 1_000) / many.count) };
      } finally {
        await way.close();
      }
    }
  }
  return figures;
}

const outputs = new Map();
/** All ways do the same work, or their times say nothing. */
function expectSame(what, output) {
  const text = JSON.stringify(output);
  if (!outputs.has(what)) outputs.set(what, text);
  if (outputs.get(what) !== text) throw new Error(`${what}: gave ${text.slice(0, 100)} where the others gave ${outputs.get(what).slice(0, 100)}`);
}

/** One after the other, for two seconds; rounded to a microsecond, since the floor is below a tenth of a millisecond. */
async function oneByOne(runOne) {
  const took = [];
  for (const end = performance.now() + 2_000; performance.now() < end && took.length < 2_000; ) {
    const startedAt = performance.now();
    await runOne();
    took.push(performance.now() - startedAt);
  }
  took.sort((left, right) => left - right);
  const [p50, p99] = [0.5, 0.99].map((share) => Math.round(percentile(took, share) * 1_000) / 1_000);
  return { p50, p99 };
}

function summary(name, all) {
  const good = all.filter((figures) => !figures.error);
  if (good.length === 0) return { name, error: all[0]?.error };
  const cases = Object.fromEntries(Object.keys(good[0]).map((what) => [what, Object.fromEntries(['p50', 'p99', 'perSecond', 'cpuUs'].map((key) => [key, median(good.map((figures) => figures[what][key]))]))]));
  return { name, cases };
}

/** How many times as long a call takes alone, and how many times as many Trivet makes. */
function ratios(rows) {
  const own = rows.find(({ name }) => name === OURS);
  return Object.fromEntries(rows.filter((row) => row !== own && row.cases && own?.cases).map((row) => [row.name, Object.fromEntries(Object.entries(row.cases).map(([what, each]) => [what, { latency: round(each.p50 / own.cases[what].p50), throughput: round(own.cases[what].perSecond / each.perSecond) }]))]));
}

const CALLS = 1_000;
/** Asks its host as often as the first byte after the quote says in hundreds, one question after the other. */
const ASKS = `(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "store_u8" (func $store (param i64 i32)))
  (import "extism:host/env" "input_load_u8" (func $input (param i64) (result i32)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (import "extism:host/user" "kv" (func $kv (param i64) (result i64)))
  (func $braces (result i64) (local $b i64)
    (local.set $b (call $alloc (i64.const 2)))
    (call $store (local.get $b) (i32.const 0x7b))
    (call $store (i64.add (local.get $b) (i64.const 1)) (i32.const 0x7d))
    (local.get $b))
  (func (export "run") (result i32) (local $left i32) (local $b i64)
    (local.set $left (i32.mul (i32.sub (call $input (i64.const 1)) (i32.const 0x61)) (i32.const 100)))
    (block $end (loop $next
      (br_if $end (i32.eqz (local.get $left)))
      (local.set $b (call $braces))
      (call $free (call $kv (local.get $b)))
      (call $free (local.get $b))
      (local.set $left (i32.sub (local.get $left) (i32.const 1)))
      (br $next)))
    (call $output (call $braces) (i64.const 2))
    (i32.const 0)))`;

/** What one question of a plugin to its host costs: a call with a thousand of them less one with none. */
async function measureHostCalls() {
  const manifest = { name: 'asks', version: '1.0.0', description: 'asks', input: {}, output: {}, limits: LONG_LIMITS };
  const admission = admit(await compileWat(ASKS), manifest, { maxMemoryMib: 256 });
  const tool = { name: 'asks', digest: 'a'.repeat(64), module: admission.module, entry: 'run', limits: LONG_LIMITS, isolation: 'shared' };
  const results = {};
  for (const { name, open } of WAYS.filter((way) => !way.name.startsWith('node:'))) {
    const way = open();
    const timed = async (input) => {
      const startedAt = performance.now();
      await within(20_000, way.call(tool, Buffer.from(input)));
      return performance.now() - startedAt;
    };
    try {
      const took = [];
      for (let time = 0; time < 7; time += 1) took.push(((await timed('"k"')) - (await timed('"a"'))) * (1_000 / CALLS));
      results[name] = { calls: CALLS, usEach: round(latencies(took).p50) };
    } catch (error) {
      results[name] = { calls: CALLS, error: error.message };
    } finally {
      await way.close();
    }
  }
  return results;
}

function within(ms, promise) {
  let timer;
  const late = new Promise((_resolve, reject) => (timer = setTimeout(() => reject(new Error(`no end after ${ms} ms`)), ms)));
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
