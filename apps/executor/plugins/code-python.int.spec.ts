import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CatalogTool } from '../src/catalog/tool-catalog.js';
import { SandboxPool } from '../src/sandbox/pool.js';
import type { SandboxResult } from '../src/sandbox/result.js';
import { call, codeOf, prepareSandbox, type CallOptions } from '../hostile/prepare.js';

describe('code_python', () => {
  let pool: SandboxPool;
  let python: CatalogTool;
  beforeAll(async () => {
    const tool = (await prepareSandbox()).get('code_python');
    if (!tool) throw new Error('no tool code_python');
    python = tool;
    pool = new SandboxPool({ slots: 1 });
  }, 180_000);
  afterAll(() => pool.close());

  const run = (code: string, options: CallOptions = {}): Promise<SandboxResult> => call(pool, python, { code }, options);
  const valueOf = async (code: string, options: CallOptions = {}): Promise<unknown> => {
    const result = await run(code, options);
    if (result.outcome === 'failed') throw new Error(result.failure.message);
    return result.output;
  };

  describe('the failure', () => {
    it.each([
      ['a syntax error', 'a = 1\nif a\n  b', 'SyntaxError', 2],
      ['a wrong indentation', 'a = 1\n  b = 2', 'IndentationError', 2],
      ['a missing name', '\n\nmissing', 'NameError', 3],
      ['a missing key', 'd = {}\nd["k"]', 'KeyError', 2],
      ['a wrong number', 'int("x")', 'ValueError', 1],
      ['an error in the last, long statement', 'x = 1\nfor i in range(3):\n    y = i\n    if i == 2:\n        x / 0', 'ZeroDivisionError', 5],
      ['an error that is raised again', 'try:\n    [][1]\nexcept IndexError as e:\n    raise ValueError("again")', 'ValueError', 4],
      ['an assertion', 'x = 1\nassert x == 2, "not two"', 'AssertionError', 2],
      ['an exit with a code', 'import sys\nsys.exit(3)', 'SystemExit', 2],
    ])('names the exception and the line of %s', async (_what, code, name, line) => {
      expect(await run(code)).toMatchObject({ failure: { code: 'tool_failed', message: expect.stringMatching(new RegExp(`^${name}: .*\\(line ${line}\\)$`, 's')), detail: { name, line } } });
    });

    it('survives an exception whose own text fails', async () => {
      expect(await run('class Mute(Exception):\n    def __str__(self):\n        raise ValueError("no")\nraise Mute()')).toMatchObject({ failure: { code: 'tool_failed', detail: { name: 'Mute' } } });
    });
  });

  describe('a repeated call', () => {
    const code = 'import random, time\n[random.random(), time.time(), list({"a", "b", "c"}), hash("x")]';
    it('gives the same values', async () => {
      const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
      const first = await valueOf(code, { nowMs });
      expect(first).toMatchObject({ value: [expect.any(Number), nowMs / 1000, expect.any(Array), expect.any(Number)] });
      expect(await valueOf(code, { nowMs })).toEqual(first);
      expect(await valueOf(code, { nowMs: nowMs + 1000 })).not.toEqual(first);
    });

    it('finds nothing of the call before it', async () => {
      expect(await valueOf('import sys\nsys.path.append("leak")\n"leak" in sys.path')).toMatchObject({ value: true });
      expect(await valueOf('import sys\n"leak" in sys.path')).toMatchObject({ value: false });
    });
  });

  it('carries a text of a megabyte in and out without growing slow', async () => {
    const text = '你好🌍ab'.repeat(70_000);
    const result = await call(pool, python, { code: 'input["text"][:-1] + "!"', input: { text } });
    expect(result).toMatchObject({ output: { value: `${text.slice(0, -1)}!` } });
    expect(result.sandbox.cpuMs).toBeLessThan(3000);
  });

  it('calls a tool that it is granted, and may catch what the host refuses', async () => {
    const granted: CatalogTool = { ...python, manifest: { ...python.manifest, grants: { tools: ['calculator'] } } };
    const services = { tool: async (_call: unknown, request: unknown) => ({ value: JSON.stringify(request) }) };
    const code = 'answer = tool("calculator", {"expression": "6*7 你"})\ntry:\n    tool("web_fetch", {})\nexcept HostError as e:\n    refused = e.code\n[answer, refused]';
    expect(await call(pool, granted, { code }, { services })).toMatchObject({ output: { value: ['{"name":"calculator","input":{"expression":"6*7 你"}}', 'tool_host_denied'] } });
  });

  describe('hostile code', () => {
    it.each([
      ['import js\njs.globalThis', 'tool_failed'],
      ['import jsffi', 'tool_failed'],
      ['import builtins\ndel builtins.__import__\nimport js\njs.process', 'tool_failed'],
      ['import builtins\ndel builtins.__import__\nimport js\njs.host("r", "{}")', 'tool_failed'],
      ['import builtins\ndel builtins.open\nopen("/etc/passwd")', 'tool_failed'],
      ['import io\nio.open("/proc/self/environ")', 'tool_failed'],
      ['import os\nos.listdir("/etc")', 'tool_failed'],
      ['import os\nos.umount("/")\nos.listdir("/")', 'tool_failed'],
      ['import os\nos.umount("/")\nos.mount(os.VfsPosix("/"), "/")\nos.listdir("/")', 'tool_failed'],
      ['import os\nos.remove("/etc/passwd")', 'tool_failed'],
      ['import sys\nsys.stdin.read()', 'tool_failed'],
      ['import socket', 'tool_failed'],
      ['import builtins\nbuiltins.type = builtins.str = builtins.isinstance = None\nraise ValueError("x")', 'tool_failed'],
      ['def f(): f()\nf()', 'tool_failed'],
      ['class A:\n    def __repr__(self): return str([A()])\nstr(A())', 'tool_failed'],
      ['x = []\nfor i in range(100000): x = [x]\nstr(x)', 'tool_failed'],
      ['x = ()\nfor i in range(100000): x = (x,)\nhash(x)', 'tool_trapped'],
      ['b"x" * 10**9', 'tool_memory_exceeded'],
      ['x = [0] * 10**8', 'tool_memory_exceeded'],
      ['a = {}\ni = 0\nwhile True:\n    a[i] = float(i)\n    i += 1', 'tool_memory_exceeded'],
      ['chr(0xd800)', 'tool_output_invalid'],
      ['"x" * 2000000', 'tool_output_too_large'],
      ['import builtins\ndel builtins.__import__\nimport uctypes\nb = uctypes.bytearray_at(0, 4000000)\nfor i in range(len(b)): b[i] = 255', 'tool_trapped'],
    ])('%j ends as %s', async (code, expected) => {
      const result = await run(code);
      expect([codeOf(result), result.outcome === 'failed' ? result.failure.message : result.output]).toEqual([expected, expect.stringMatching(/.{10,}/)]);
      expect(await valueOf('6 * 7')).toMatchObject({ value: 42 });
    }, 60_000);

    it.each(['while True: pass', 'while True:\n    try:\n        while True: pass\n    except: pass', 'import re\nre.match("(a+)+$", "a" * 40 + "b")', 'import time\ntime.sleep(10**9)'])('%j ends at the time limit', async (code) => {
      const result = await run(code, { timeoutMs: 400 });
      expect(result).toMatchObject({ failure: { code: 'tool_timeout', detail: { limitMs: 400 } } });
    }, 60_000);

    it('prints no more than 64 KiB, and never half a character', async () => {
      const result = await valueOf('while len(str(input)) < 5:\n    for i in range(50000): print("x你", end="")\n    input = "enough"\n7');
      expect(result).toEqual({ value: 7, output: `${'x你'.repeat(16_384)}\n(cut at 65536 bytes)\n` });
    });

    it('may print bytes that are no text', async () => {
      expect(await valueOf('import sys\nprint("ä")\nx = sys.stdout.buffer.write(b"\\xff\\xfe")\n1')).toEqual({ value: 1, output: '??\n??' });
    });
  });
});
