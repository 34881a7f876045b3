import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { createPlugin, type CallContext } from '@extism/extism';
import { bakePython, type PythonOptions } from './bake-python.js';

const fixture = (name: string): string => readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8');

/** Bakes a script and calls it in Extism, without the sandbox around it; `tool` answers with what it was asked. */
async function bakeAndCall(source: string, input: unknown, options: Partial<PythonOptions> = {}): Promise<unknown> {
  const module = await bakePython(source, { memoryMib: 32, ...options });
  const answer = (context: CallContext, block: bigint): bigint => context.store(JSON.stringify({ value: context.read(block)?.json() }));
  const plugin = await createPlugin({ wasm: [{ data: module, name: 'main' }] }, { functions: { 'extism:host/user': { tool: answer } } });
  const output = await plugin.call('run', JSON.stringify(input));
  return output?.json();
}

/** The first of these builds MicroPython's base. */
const SLOW = 180_000;

describe('a tool in Python', () => {
  it('gets its input and gives its output, in all of Unicode', async () => {
    const source = 'def run(input):\n    return {"text": "Hello, " + input["name"] + " 你好 🌍", "length": len(input["name"])}';
    expect(await bakeAndCall(source, { name: 'ünï 🚀' })).toEqual({ text: 'Hello, ünï 🚀 你好 🌍', length: 5 });
  }, SLOW);

  it('starts where the script had been loaded, and keeps nothing of a call', async () => {
    const source = 'table = [n * n for n in range(1000)]\ncalls = []\ndef run(input):\n    calls.append(1)\n    return [table[input], len(calls)]';
    const module = await bakePython(source, { memoryMib: 32 });
    for (const [input, expected] of [[12, 144], [13, 169]]) {
      const plugin = await createPlugin({ wasm: [{ data: module, name: 'main' }] }, { functions: { 'extism:host/user': { tool: () => 0n } } });
      expect((await plugin.call('run', JSON.stringify(input)))?.json()).toEqual([expected, 1]);
    }
  }, SLOW);

  it('is the same module for the same source', async () => {
    const source = 'def run(input):\n    return {"a": 1}';
    expect(Buffer.from(await bakePython(source, { memoryMib: 32 })).equals(await bakePython(source, { memoryMib: 32 }))).toBe(true);
  }, SLOW);

  it('calls other tools by the host', async () => {
    expect(await bakeAndCall('def run(input):\n    return tool("echo", {"text": input})', '你')).toEqual({ name: 'echo', input: { text: '你' } });
  }, SLOW);

  it('fails with what the script raises', async () => {
    await expect(bakeAndCall('def run(input):\n    raise ValueError("own words 没有")', {})).rejects.toThrow('"message": "own words 没有"');
  }, SLOW);

  it('says why a script does not load', async () => {
    await expect(bakePython('x = 1\ny = = 2', { memoryMib: 32 })).rejects.toThrow(/The tool does not load: SyntaxError[^]*line 2/);
    await expect(bakePython('tool("echo", 1)\ndef run(input): pass', { memoryMib: 32 })).rejects.toThrow('only while it runs');
  }, SLOW);

  it.each([64, 1000])('loses nothing when garbage is collected every %d bytes', async (threshold) => {
    expect(await bakeAndCall(fixture('garbage.py'), { threshold }, { collectAlways: true })).toEqual({ wrong: [] });
  }, SLOW);

  it('makes more garbage (60 MB) than it has memory (32 MiB)', async () => {
    const source = 'def run(input):\n    for i in range(3000):\n        text = "x" * 20000 + str(i)\n    return text[-4:]';
    expect(await bakeAndCall(source, {})).toBe('2999');
  }, SLOW);
});
