import { describe, expect, it } from '@jest/globals';
import type { ToolManifest } from '@trivet/contracts';
import { compileWat, readSections, WasmReader } from '@trivet/tool-sdk';
import { admit, type Admission } from './admit.js';

const manifest = (limits: Partial<ToolManifest['limits']> = {}, entry?: string): ToolManifest => ({
  name: 'subject', version: '1.0.0', description: 'A module under test', input: {}, output: {},
  limits: { timeoutMs: 1000, memoryMib: 4, outputKib: 64, hostCalls: 0, ...limits },
  ...(entry ? { entry } : {}),
});

const RUN = '(func (export "run") (result i32) (i32.const 0))';
const admitWat = async (wat: string, limits: Partial<ToolManifest['limits']> = {}, entry?: string): Promise<Admission> => admit(await compileWat(wat), manifest(limits, entry), { maxMemoryMib: 256 });
const rulesOf = (admission: Admission): string[] => (admission.admitted ? [] : admission.findings.map(({ rule }) => rule));
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const admitBytes = (bytes: number[]): Admission => admit(Uint8Array.from([...header, ...bytes]), manifest(), { maxMemoryMib: 256 });
/** An export section with the function `run`. */
const EXPORT_RUN = [7, 7, 1, 3, 0x72, 0x75, 0x6e, 0, 0];

describe('admission', () => {
  it('admits a module that does only what is allowed', async () => {
    const wat = `(module (import "extism:host/env" "alloc" (func (param i64) (result i64))) (import "extism:host/user" "http" (func (param i64) (result i64))) (memory (export "memory") 1) (table 10 funcref) ${RUN})`;
    expect((await admitWat(wat)).admitted).toBe(true);
  });

  describe('when the bytes are no module', () => {
    it.each([['nothing', []], ['text', [...Buffer.from('hello, world')]], ['a component', [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]]])('refuses %s', (_name, bytes) => {
      expect(rulesOf(admit(Uint8Array.from(bytes), manifest(), { maxMemoryMib: 256 }))).toEqual(['format']);
    });

    it.each([
      ['a section longer than the module', [1, 100, 0]],
      ['a number without an end', [5, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]],
      ['a section that ends in the middle of a name', [2, 3, 1, 9, 0x61]],
    ])('refuses %s', (_name, bytes) => {
      expect(rulesOf(admitBytes(bytes))).toContain('format');
    });

    it('refuses more bytes than the limit without reading them', () => {
      const admission = admit(new Uint8Array(9 * 1_048_576), manifest(), { maxMemoryMib: 256 });
      expect(admission).toMatchObject({ findings: [{ rule: 'size', value: 9 * 1_048_576, limit: 8 * 1_048_576 }] });
    });
  });

  it('refuses a start section', async () => {
    expect(rulesOf(await admitWat(`(module (func $s) (start $s) ${RUN})`))).toEqual(['start-section']);
  });

  describe('the entry', () => {
    it('must be exported', async () => {
      expect(await admitWat('(module (func (export "other")))')).toMatchObject({ findings: [{ rule: 'entry', value: 'other', limit: 'run' }] });
    });
    it('must be a function', async () => {
      expect(rulesOf(await admitWat('(module (global (export "run") i32 (i32.const 1)))'))).toEqual(['entry']);
    });
    it('is the one the manifest names', async () => {
      expect(rulesOf(await admitWat('(module (func (export "answer") (result i32) (i32.const 0)))', {}, 'answer'))).toEqual([]);
      expect(rulesOf(await admitWat(`(module ${RUN})`, {}, 'answer'))).toEqual(['entry']);
    });
    it('is missing in a module without exports', () => {
      expect(rulesOf(admitBytes([]))).toEqual(['entry']);
    });
  });

  describe('imports', () => {
    it.each([
      ['WASI', '(import "wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32)))'],
      ['an unknown module', '(import "env" "abort" (func))'],
      ['an unknown function of Extism', '(import "extism:host/env" "exec" (func))'],
      ['an unknown function of ours', '(import "extism:host/user" "shell" (func))'],
      ['a memory', '(import "extism:host/env" "memory" (memory 1))'],
      ['a table', '(import "extism:host/env" "table" (table 1 funcref))'],
      ['a global', '(import "extism:host/env" "global" (global i32))'],
    ])('refuses %s', async (_name, text) => {
      expect(rulesOf(await admitWat(`(module ${text} ${RUN})`))).toEqual(['import']);
    });

    it('names every one that is refused', async () => {
      const admission = await admitWat(`(module (import "wasi_snapshot_preview1" "path_open" (func)) (import "wasi_snapshot_preview1" "fd_read" (func)) ${RUN})`);
      expect(admission).toMatchObject({ findings: [{ value: 'wasi_snapshot_preview1.path_open', message: expect.stringContaining('without WASI') }, { value: 'wasi_snapshot_preview1.fd_read' }] });
    });
  });

  describe('memory', () => {
    it('is capped at the manifest, whatever the module declares', async () => {
      for (const declared of ['(memory 1)', '(memory 1 65536)', '(memory 1 10)']) {
        const admission = await admitWat(`(module ${declared} ${RUN})`);
        const expected = declared.endsWith(' 10)') ? 10 : 64;
        expect(admission.admitted && limitsOf(admission.module, 5)).toEqual([1, 1, 1, expected]);
      }
    });

    it('stops growing at the cap', async () => {
      const admission = await admitWat('(module (memory 1) (func (export "run") (result i32) (memory.grow (i32.const 100))))');
      if (!admission.admitted) throw new Error('refused');
      const { exports } = new WebAssembly.Instance(new WebAssembly.Module(admission.module));
      expect(typeof exports['run'] === 'function' && exports['run']()).toBe(-1);
    });

    it('refuses one that begins above the cap', async () => {
      expect(await admitWat(`(module (memory 65) ${RUN})`)).toMatchObject({ findings: [{ rule: 'memory', value: 65, limit: 64 }] });
      expect(rulesOf(await admitWat(`(module (memory 16384) ${RUN})`))).toEqual(['memory']);
    });

    it('refuses two memories, in one section or in two', () => {
      expect(rulesOf(admitBytes([5, 5, 2, 0, 1, 0, 1, ...EXPORT_RUN]))).toEqual(['memory']);
      expect(rulesOf(admitBytes([5, 3, 1, 0, 1, 5, 3, 1, 0, 1, ...EXPORT_RUN]))).toEqual(['memory']);
    });

    it.each([['shared', 3], ['64-bit', 4], ['64-bit with a maximum', 5], ['custom page size', 8]])('refuses a memory that is %s', (_name, flags) => {
      expect(rulesOf(admitBytes([5, 4, 1, flags, 1, 2, ...EXPORT_RUN]))).toEqual(['format']);
    });

    it('refuses a manifest that wants more than the executor gives', async () => {
      expect(await admitWat(`(module ${RUN})`, { memoryMib: 512 })).toMatchObject({ findings: [{ rule: 'limit', value: 512, limit: 256 }] });
    });
  });

  describe('tables', () => {
    it('are capped', async () => {
      const admission = await admitWat(`(module (table 5 funcref) ${RUN})`);
      // one table, funcref, with a maximum, 5, and 10000 in LEB128
      expect(admission.admitted && limitsOf(admission.module, 4)).toEqual([1, 0x70, 1, 5, 0x90, 0x4e]);
    });
    it('refuses one that begins above the cap', async () => {
      expect(await admitWat(`(module (table 10001 funcref) ${RUN})`)).toMatchObject({ findings: [{ rule: 'table', value: 10_001, limit: 10_000 }] });
    });
    it('refuses more than four', async () => {
      expect(await admitWat(`(module ${'(table 1 externref)'.repeat(20)} ${RUN})`)).toMatchObject({ findings: [{ rule: 'table', value: 20, limit: 4 }] });
    });
    it('refuses element types it does not know', () => {
      expect(rulesOf(admitBytes([4, 5, 1, 0x63, 0x70, 0, 1, ...EXPORT_RUN]))).toEqual(['format']);
    });
  });

  it('refuses more than 50,000 functions', () => {
    expect(rulesOf(admitBytes([3, 4, 0xc1, 0x84, 0x3d, 0, ...EXPORT_RUN]))).toEqual(['functions']);
  });

  describe('a module made to be refused at length', () => {
    const leb = (value: number): number[] => [value & 0x7f | 0x80, value >> 7 & 0x7f | 0x80, value >> 14 & 0x7f | 0x80, value >> 21];
    /** A section with a count and two million times the same item. */
    const section = (id: number, item: number[]): Uint8Array => {
      const count = 2_000_000;
      const body = Buffer.concat([Buffer.from(leb(count)), Buffer.alloc(count * item.length, Buffer.from(item))]);
      return Buffer.concat([Buffer.from(header), Buffer.of(id, ...leb(body.length)), body, Buffer.from(EXPORT_RUN)]);
    };

    it.each([['imports', 2, [0, 0, 0, 0], 'import'], ['exports', 7, [0, 0, 0], 'exports'], ['memories', 5, [0, 0x7f], 'memory'], ['tables', 4, [0x70, 0, 1], 'table']] as const)('by its %s is refused with one finding', (_name, id, item, rule) => {
      const admission = admit(section(id, [...item]), manifest(), { maxMemoryMib: 256 });
      expect(rulesOf(admission)).toContain(rule);
      expect(rulesOf(admission).length).toBeLessThan(3);
    });

    it('by its sections is refused after the first thousand', () => {
      const many = Buffer.concat([Buffer.from(header), Buffer.alloc(4_000_000, Buffer.of(99, 0))]);
      expect(admit(many, manifest(), { maxMemoryMib: 256 })).toMatchObject({ findings: [{ rule: 'format', message: expect.stringContaining('more than 1000 sections') }] });
    });

    it('by wrong imports lists the first hundred, with their names cut', () => {
      const name = Buffer.alloc(120, 'x');
      const body = Buffer.concat([Buffer.from(leb(900)), ...Array.from({ length: 900 }, () => Buffer.concat([Buffer.of(name.length), name, Buffer.of(1, 0x79, 0, 0)]))]);
      const admission = admit(Buffer.concat([Buffer.from(header), Buffer.of(2, ...leb(body.length)), body, Buffer.from(EXPORT_RUN)]), manifest(), { maxMemoryMib: 256 });
      expect(rulesOf(admission)).toHaveLength(100);
      expect(admission).toMatchObject({ findings: expect.arrayContaining([expect.objectContaining({ value: `${'x'.repeat(100)}…` })]) });
    });
  });

  it('admits the exceptions of WebAssembly, up to 16 tags', async () => {
    const body = '(func (export "run") (result i32) (try (result i32) (do (throw $t0)) (catch $t0 (i32.const 0))))';
    const tags = (count: number): string => Array.from({ length: count }, (_, index) => `(tag $t${index})`).join(' ');
    const admission = await admitWat(`(module ${tags(16)} ${body})`);
    if (!admission.admitted) throw new Error('refused');
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(admission.module));
    expect(typeof exports['run'] === 'function' && exports['run']()).toBe(0);
    expect(await admitWat(`(module ${tags(17)} ${body})`)).toMatchObject({ findings: [{ rule: 'tags', value: 17, limit: 16 }] });
  });

  it('refuses sections it does not know', () => {
    expect(rulesOf(admitBytes([14, 1, 0, ...EXPORT_RUN]))).toEqual(['section']);
  });

  it('lists everything that is wrong at once', async () => {
    const wat = '(module (import "env" "a" (func)) (memory 100) (table 20000 funcref) (func $s) (start $s))';
    expect(rulesOf(await admitWat(wat)).sort()).toEqual(['entry', 'import', 'memory', 'start-section', 'table']);
  });
});

/** The body of a section of the rewritten module. */
function limitsOf(module: Uint8Array, id: number): number[] {
  const body = readSections(module).find((section) => section.id === id)?.body;
  return body ? [...new WasmReader(body).take(body.length)] : [];
}
