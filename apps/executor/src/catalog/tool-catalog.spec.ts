import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { FailureError, type JsonObject, type ToolManifest } from '@trivet/contracts';
import { compileWat } from '@trivet/tool-sdk';
import { admitTool, loadTools, validateInput, validateOutput } from './tool-catalog.js';

const WAT = '(module (func (export "run") (result i32) (i32.const 0)))';
const manifest = (more: Partial<ToolManifest> = {}): ToolManifest => ({
  name: 'subject', version: '1.0.0', description: 'A tool',
  input: { type: 'object', properties: { query: { type: 'string', minLength: 1 } }, required: ['query'], additionalProperties: false },
  output: { type: 'object', properties: { hits: { type: 'integer' } }, required: ['hits'] },
  limits: { timeoutMs: 1000, memoryMib: 4, outputKib: 64, hostCalls: 0 },
  ...more,
});
const admitSubject = async (more: Partial<ToolManifest> = {}, bundled = false) => admitTool(manifest(more), await compileWat(WAT), { maxMemoryMib: 256, bundled });

function thrownBy(act: () => unknown): FailureError {
  try {
    act();
  } catch (error) {
    if (error instanceof FailureError) return error;
  }
  throw new Error('It threw no FailureError.');
}

describe('the catalog', () => {
  it('checks inputs and outputs, and names every mistake', async () => {
    const tool = await admitSubject();
    expect(validateInput(tool, { query: 'x' })).toBeNull();
    expect(validateInput(tool, { query: '', extra: 1 })?.errors).toEqual(expect.arrayContaining([{ pointer: '/extra', detail: 'is not a field this takes' }, { pointer: '/query', detail: expect.stringContaining('fewer than 1') }]));
    expect(validateInput(tool, null)?.failure).toMatchObject({ code: 'tool_input_invalid', message: 'The input of tool subject does not match its schema: the value must be object.' });
    expect(validateOutput(tool, { hits: 1 })).toBeNull();
    expect(validateOutput(tool, { hits: 1.5 })?.failure).toMatchObject({ code: 'tool_output_invalid', message: 'The output of tool subject does not match its schema: /hits must be integer.' });
  });

  it('refuses a module with every finding', async () => {
    const module = await compileWat('(module (import "env" "x" (func)) (func $s) (start $s))');
    const { failure, errors } = thrownBy(() => admitTool(manifest(), module, { maxMemoryMib: 256, bundled: false }));
    expect(failure.code).toBe('tool_refused');
    expect(errors.map(({ pointer }) => pointer).sort()).toEqual(['/module/entry', '/module/import', '/module/start-section']);
  });

  it.each<[string, JsonObject]>([['an unknown type', { type: 'nonsense' }], ['a reference to the outside', { $ref: 'http://example.com/schema.json' }], ['a broken pattern', { type: 'string', pattern: '(' }]])('refuses a schema with %s', async (_name, input) => {
    const module = await compileWat(WAT);
    expect(thrownBy(() => admitTool(manifest({ input }), module, { maxMemoryMib: 256, bundled: false })).failure).toMatchObject({ code: 'invalid_request', message: expect.stringContaining('input of subject') });
  });

  it('keeps uploaded tools and interpreters to one tenant a process', async () => {
    expect((await admitSubject({}, true)).sandbox.isolation).toBe('shared');
    expect((await admitSubject({}, false)).sandbox.isolation).toBe('tenant');
    expect((await admitSubject({ name: 'code_anything' }, true)).sandbox.isolation).toBe('tenant');
  });

  describe('a folder of tools', () => {
    it('is loaded by name, with the digest of what was on disk', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'trivet-tools-'));
      try {
        mkdirSync(join(folder, 'subject', 'dist'), { recursive: true });
        mkdirSync(join(folder, 'not-a-tool'));
        writeFileSync(join(folder, 'subject', 'tool.json'), JSON.stringify(manifest()));
        await expect(loadTools(folder, { maxMemoryMib: 256 })).rejects.toThrow('is not built; run npm run build');
        writeFileSync(join(folder, 'subject', 'dist', 'subject.wasm'), await compileWat(WAT));
        const tools = await loadTools(folder, { maxMemoryMib: 256 });
        expect([...tools].map(([name, { digest, bundled }]) => [name, digest.length, bundled])).toEqual([['subject', 64, true]]);
        writeFileSync(join(folder, 'subject', 'tool.json'), JSON.stringify({ ...manifest(), shell: true }));
        await expect(loadTools(folder, { maxMemoryMib: 256 })).rejects.toThrow('/shell is not a field this takes');
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
});
