import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { FailureError } from '@trivet/contracts';
import { compileWat, unsignedLeb, writeSections, type WasmSection } from '@trivet/tool-sdk';
import { admitTool, type CatalogTool } from '../src/catalog/tool-catalog.js';
import { SandboxPool } from '../src/sandbox/pool.js';
import { putOutCanaries, type Canaries } from './canaries.js';
import { bundlePrograms, call, codeOf, echoPlugin, manifestOf } from './prepare.js';

const LIMITS = { timeoutMs: 2000, memoryMib: 32 };
const RUN = '(func (export "run") (result i32) (i32.const 0))';
const vector = (items: readonly number[][]): number[] => [...unsignedLeb(items.length), ...items.flat()];
const section = (id: number, body: readonly number[]): WasmSection => ({ id, body: Uint8Array.from(body) });
const TYPE = section(1, [1, 0x60, 0, 1, 0x7f]);
const EXPORT_RUN = section(7, [1, 3, 0x72, 0x75, 0x6e, 0, 0]);
const [END, I32_CONST, BLOCK, EMPTY, DROP] = [0x0b, 0x41, 0x02, 0x40, 0x1a];

/** A module of functions with these instructions, the first of them the entry. */
function moduleOf(bodies: readonly number[][], before: readonly WasmSection[] = [], after: readonly WasmSection[] = []): Uint8Array {
  const functions = section(3, vector(bodies.map(() => [0])));
  const code = section(10, vector(bodies.map((body) => [...unsignedLeb(body.length), ...body])));
  return writeSections([TYPE, functions, ...before, EXPORT_RUN, ...after, code]);
}
const plain = [0, I32_CONST, 0, END];
const times = (count: number, ...bytes: number[]): number[] => Array.from({ length: count }, () => bytes).flat();
/** Blocks inside blocks. */
const deep = (levels: number): number[] => [0, ...times(levels, BLOCK, EMPTY), ...times(levels, END), I32_CONST, 0, END];
const limitsSection = (id: number, ...limits: number[][]): WasmSection => section(id, vector(limits));

describe('modules that are attacks', () => {
  let pool: SandboxPool;
  let canaries: Canaries;
  let echo: CatalogTool;

  beforeAll(async () => {
    bundlePrograms();
    canaries = await putOutCanaries(process.env);
    echo = await echoPlugin({ isolation: 'tenant', limits: { timeoutMs: 20_000 } });
    pool = new SandboxPool({ slots: 2 });
  });
  afterEach(async () => {
    const neighbour = await call(pool, echo, { key: canaries.foreignKey }, { tenant: 'neighbour' });
    expect(neighbour).toMatchObject({ outcome: 'completed', output: { key: canaries.foreignKey } });
    canaries.check();
  });
  afterAll(async () => {
    await pool.close();
    await canaries.close();
  });

  const admitted = (module: Uint8Array, entry?: string): CatalogTool => admitTool(manifestOf('attack', { limits: LIMITS, ...(entry ? { entry } : {}) }), module, { maxMemoryMib: 256, bundled: false });

  /** The rules a module breaks; none when it is admitted. */
  function rulesBroken(module: Uint8Array): string[] {
    try {
      admitted(module);
      return [];
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      expect(error.failure.code).toBe('tool_refused');
      return error.errors.map(({ pointer }) => pointer.replace('/module/', ''));
    }
  }

  describe('are refused before they are compiled', () => {
    it.each([
      ['a loop in its start section', `(module (func $s (loop $l (br $l))) (start $s) ${RUN})`, 'start-section'],
      ['a first memory of a gibibyte', `(module (memory 16384) ${RUN})`, 'memory'],
      ['a table of ten million entries', `(module (table 10000000 funcref) ${RUN})`, 'table'],
      ['WASI for files', `(module (import "wasi_snapshot_preview1" "path_open" (func)) ${RUN})`, 'import'],
      ['WASI for sleeping', `(module (import "wasi_snapshot_preview1" "poll_oneoff" (func)) ${RUN})`, 'import'],
      ['WASI for sockets', `(module (import "wasi_snapshot_preview1" "sock_accept" (func)) ${RUN})`, 'import'],
      ['WASI by another name', `(module (import "wasi_unstable" "proc_exit" (func)) ${RUN})`, 'import'],
      ['a way out through JavaScript', `(module (import "env" "emscripten_run_script" (func)) ${RUN})`, 'import'],
      ['the memory of somebody else', `(module (import "extism:host/env" "memory" (memory 1)) ${RUN})`, 'import'],
      ['no entry', '(module (func (export "other")))', 'entry'],
    ])('for %s', async (_what, wat, rule) => {
      expect(rulesBroken(await compileWat(wat))).toEqual([rule]);
    });

    it.each<[string, Uint8Array, string]>([
      ['two memories', moduleOf([plain], [limitsSection(5, [0, 1], [0, 1])]), 'memory'],
      ['a shared memory', moduleOf([plain], [limitsSection(5, [3, 1, 2])]), 'format'],
      ['a memory with 64-bit addresses', moduleOf([plain], [limitsSection(5, [4, 1])]), 'format'],
      ['a million functions', writeSections([TYPE, section(3, [...unsignedLeb(1_000_000)]), EXPORT_RUN]), 'functions'],
      ['seventeen kinds of exceptions', moduleOf([plain], [section(13, vector(Array.from({ length: 17 }, () => [0, 0])))]), 'tags'],
      ['a section of a kind that there is not', moduleOf([plain], [section(14, [1, 0, 0])]), 'section'],
      ['two hundred mebibytes', new Uint8Array(200 * 1_048_576), 'size'],
      ['being a component', Uint8Array.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), 'format'],
      ['being a script', new Uint8Array(Buffer.from('#!/bin/sh\nrm -rf /\n')), 'format'],
    ])('for %s', (_what, module, rule) => {
      expect(rulesBroken(module)).toEqual([rule]);
    });
  });

  describe('are contained when they run', () => {
    it.each<[string, () => Uint8Array, RegExp]>([
      ['ten thousand blocks inside each other', () => moduleOf([deep(10_000)]), /^(tool_output_invalid|tool_refused)$/],
      ['two million blocks inside each other', () => moduleOf([deep(2_000_000)]), /^(tool_output_invalid|tool_refused|tool_timeout|tool_memory_exceeded)$/],
      ['forty thousand functions of a hundred instructions', () => moduleOf([plain, ...Array.from({ length: 40_000 }, () => [0, ...times(25, I32_CONST, 1, DROP), I32_CONST, 0, END])]), /^(tool_output_invalid|tool_timeout)$/],
      ['fifty thousand locals', () => moduleOf([[1, ...unsignedLeb(50_000), 0x7e, I32_CONST, 0, END]]), /^(tool_output_invalid|tool_refused|tool_trapped)$/],
      ['four billion locals', () => moduleOf([[1, ...unsignedLeb(0xffff_ffff), 0x7e, I32_CONST, 0, END]]), /^tool_refused$/],
      ['a jump table of sixty thousand targets', () => moduleOf([[0, BLOCK, EMPTY, I32_CONST, 0, 0x0e, ...unsignedLeb(60_000), ...times(60_001, 0), END, I32_CONST, 0, END]]), /^tool_output_invalid$/],
      ['a body that breaks off', () => moduleOf([[0, I32_CONST]]), /^tool_refused$/],
      ['instructions that do not exist', () => moduleOf([[0, 0xff, 0xfe, END]]), /^tool_refused$/],
      ['a stack that does not fit', () => moduleOf([[0, 0x6a, END]]), /^tool_refused$/],
    ])('with %s', async (_what, module, code) => {
      const result = await call(pool, admitted(module()), {}, { tenant: 'attacker' });
      canaries.check(result);
      expect(codeOf(result)).toMatch(code);
    });

    it.each([
      ['data outside of its memory', '(module (memory 1) (data (i32.const 70000) "x") (func (export "run") (result i32) (i32.const 0)))', 'tool_trapped'],
      ['elements outside of its table', '(module (table 1 funcref) (elem (i32.const 9) $f) (func $f) (func (export "run") (result i32) (i32.const 0)))', 'tool_trapped'],
      ['an initialiser that traps', `(module (func (export "_initialize") unreachable) ${RUN})`, 'tool_trapped'],
      ['an initialiser that grows without end', `(module (memory 1) (func (export "_initialize") (loop $l (drop (memory.grow (i32.const 1))) (br $l))) ${RUN})`, 'tool_timeout'],
      ['an entry that takes what nobody gives', '(module (func (export "run") (param i64 f32) (result i32) (i32.const 0)))', 'tool_trapped'],
      ['an entry that gives back several values', '(module (func (export "run") (result i32 i64) (i32.const 7) (i64.const 8)))', 'tool_output_invalid'],
      ['a host function for its entry', '(module (import "extism:host/env" "alloc" (func $a (param i64) (result i64))) (export "run" (func $a)))', 'tool_trapped'],
      ['a host function with another signature', '(module (import "extism:host/user" "http" (func $h (result f64))) (func (export "run") (result i32) (drop (call $h)) (i32.const 0)))', 'tool_trapped'],
      ['a clock that cannot be set', `(module (global (export "__now_ms") i64 (i64.const 1)) ${RUN})`, 'tool_trapped'],
      ['fuel that was gone before it began', `(module (global (export "__fuel") i64 (i64.const -5)) ${RUN})`, 'tool_output_invalid'],
    ])('with %s', async (_what, wat, code) => {
      const result = await call(pool, admitted(await compileWat(wat)), {}, { tenant: 'attacker' });
      canaries.check(result);
      expect(codeOf(result)).toBe(code);
    });
  });

  it('have a benign twin that runs: an own memory, a table, an initialiser, a hundred functions', async () => {
    const functions = Array.from({ length: 100 }, (_, index) => `(func $f${index} (result i32) (i32.const ${index}))`).join(' ');
    const wat = `(module
      (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64))) (import "extism:host/env" "store_u8" (func $store (param i64 i32))) (import "extism:host/env" "output_set" (func $output (param i64 i64)))
      (memory 4 100) (table 10 funcref) (elem (i32.const 0) $f7) (data (i32.const 8) "text") (global $ready (mut i32) (i32.const 0)) ${functions}
      (func (export "_initialize") (global.set $ready (i32.const 48)))
      (func (export "run") (result i32) (local $b i64)
        (local.set $b (call $alloc (i64.const 1)))
        (call $store (local.get $b) (i32.add (global.get $ready) (call_indirect (result i32) (i32.const 0))))
        (call $output (local.get $b) (i64.const 1))
        (i32.const 0)))`;
    expect(await call(pool, admitted(await compileWat(wat)), {}, { tenant: 'attacker' })).toMatchObject({ outcome: 'completed', output: 7 });
  });
});
