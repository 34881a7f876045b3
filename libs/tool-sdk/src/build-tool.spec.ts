import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createPlugin, type CallContext } from '@extism/extism';
import { buildTool } from './build-tool.js';

const MANIFEST = { name: 'subject', version: '1.0.0', description: 'A tool', input: {}, output: {}, limits: { timeoutMs: 1000, memoryMib: 16, outputKib: 64, hostCalls: 5 } };

/** Builds real tools and runs them in Extism, without the sandbox around it. */
describe('building a tool', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'trivet-tool-'));
    write('tool.json', JSON.stringify(MANIFEST));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const write = (name: string, text: string): void => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };

  /** One call on a fresh instance, with a host that answers `files` with the text it got. */
  async function run(file: string, input: unknown): Promise<unknown> {
    const answer = (context: CallContext, block: bigint): bigint => context.store(JSON.stringify({ value: context.read(block)?.text() }));
    const refuse = (context: CallContext): bigint => context.store(JSON.stringify({ error: { code: 'tool_host_denied', message: 'not granted' } }));
    const user = { http: refuse, model: refuse, log: answer, progress: answer, files: answer, tool: refuse, kv: refuse, memory: refuse };
    const plugin = await createPlugin({ wasm: [{ data: new Uint8Array(readFileSync(file)), name: 'main' }] }, { functions: { 'extism:host/user': user } });
    const output = await plugin.call('run', JSON.stringify(input));
    return output ? output.json() : null;
  }

  it('bakes TypeScript with its imports into one module that keeps all of Unicode', async () => {
    write('greeting.ts', 'export const greet = (name: string): string => `Hello, ${name} 你好 🌍`;');
    write('tool.ts', "import { greet } from './greeting.js';\nexport function run({ name }: { name: string }) { return { text: greet(name), length: name.length }; }");
    const built = await buildTool(folder);
    expect(built).toMatchObject({ name: 'subject', built: true });
    expect(await run(built.file, { name: 'ünï 🚀' })).toEqual({ text: 'Hello, ünï 🚀 你好 🌍', length: 6 });
  });

  it('starts every instance where the script had been loaded, and keeps nothing of a call', async () => {
    write('tool.ts', 'const table = Array.from({ length: 1000 }, (_, n) => n * n); let calls = 0;\nexport async function run({ n }: { n: number }) { await null; calls += 1; return { square: table[n], calls }; }');
    const { file } = await buildTool(folder);
    expect(await run(file, { n: 12 })).toEqual({ square: 144, calls: 1 });
    expect(await run(file, { n: 13 })).toEqual({ square: 169, calls: 1 });
  });

  it('takes the module of another toolchain as it is', async () => {
    write('tool.ts', 'export const run = () => 42;');
    const module = readFileSync((await buildTool(folder)).file);
    rmSync(join(folder, 'tool.ts'));
    writeFileSync(join(folder, 'tool.wasm'), module);
    const { file, built } = await buildTool(folder);
    expect([built, await run(file, {})]).toEqual([true, 42]);
    expect(await buildTool(folder)).toMatchObject({ built: false });
  });

  it('says what a folder without a source could have, and that its own script makes one', async () => {
    await expect(buildTool(folder)).rejects.toThrow(/has no tool\.ts, tool\.as\.ts, tool\.py or tool\.wasm\.$/);
    write('build.sh', '');
    await expect(buildTool(folder)).rejects.toThrow(/run its build\.sh first/);
  });

  it('calls the host and lets the tool catch what it refuses', async () => {
    write('tool.ts', "import { HostError, files, http } from '@trivet/tool-sdk/guest';\nexport function run() { let code = ''; try { http({ url: 'x' }); } catch (error) { code = error instanceof HostError ? error.code : 'other'; } return { read: files.read('ä.md'), code }; }");
    const { file } = await buildTool(folder);
    expect(await run(file, {})).toEqual({ read: '{"op":"read","name":"ä.md"}', code: 'tool_host_denied' });
  });

  it('fails with what the tool throws', async () => {
    write('tool.ts', "export function run({ how }: { how: string }) { if (how === 'text') throw 'plain text'; throw new TypeError('wrong type'); }");
    const { file } = await buildTool(folder);
    await expect(run(file, { how: 'error' })).rejects.toThrow('"message":"wrong type"');
    await expect(run(file, { how: 'text' })).rejects.toThrow('"message":"plain text"');
  });

  it('compiles AssemblyScript with its kit', async () => {
    write('tool.as.ts', 'import { inputText, jsonString, outputText, fail } from "trivet";\nexport function run(): i32 { const text = jsonString(inputText(), "text"); if (text === null) return fail("no text 没有"); outputText(\'{"length":\' + text!.length.toString() + ",\\"first\\":\\"" + text!.charAt(0) + \'"}\'); return 0; }');
    const { file, bytes } = await buildTool(folder);
    expect(bytes).toBeLessThan(20_000);
    expect(await run(file, { other: { text: 'nested' }, text: '语"言\n' })).toEqual({ length: 4, first: '语' });
    await expect(run(file, {})).rejects.toThrow('no text 没有');
  }, 60_000);

  it('leaves alone what did not change, and builds again what did', async () => {
    write('tool.ts', 'export const run = () => 1;');
    const first = await buildTool(folder);
    expect(await buildTool(folder)).toMatchObject({ built: false, digest: first.digest });
    write('tool.ts', 'export const run = () => 2;');
    const second = await buildTool(folder);
    expect([second.built, second.digest === first.digest]).toEqual([true, false]);
    write('dist/subject.wasm', 'damaged');
    expect(await buildTool(folder)).toMatchObject({ built: true, digest: second.digest });
  });

  it('gives the same bytes for the same source', async () => {
    write('tool.ts', 'export const run = () => ({ now: new Date(0).toISOString() });');
    const first = await buildTool(folder);
    rmSync(join(folder, 'dist'), { recursive: true });
    expect((await buildTool(folder)).digest).toBe(first.digest);
  });

  describe('when it cannot be built', () => {
    it('says where the script is wrong', async () => {
      write('tool.ts', 'export const run = () => {\n  const = 1;\n};');
      await expect(buildTool(folder)).rejects.toThrow(/tool\.ts:2:\d+/);
    });
    it('says what fails while it loads', async () => {
      write('tool.ts', "if (true) throw new Error('not today');\nexport const run = () => 1;");
      await expect(buildTool(folder)).rejects.toThrow('The tool does not load: Error: not today');
    });
    it('refuses to use the host while it loads', async () => {
      write('tool.ts', "import { files } from '@trivet/tool-sdk/guest';\nconst names = files.list();\nexport const run = () => names;");
      await expect(buildTool(folder)).rejects.toThrow('only while it runs');
    });
    it('says which fields of the manifest are wrong', async () => {
      write('tool.json', JSON.stringify({ ...MANIFEST, shell: true }));
      await expect(buildTool(folder)).rejects.toThrow('/shell is not a field this takes');
      write('tool.json', '{');
      await expect(buildTool(folder)).rejects.toThrow('is not JSON');
    });
  });
});
