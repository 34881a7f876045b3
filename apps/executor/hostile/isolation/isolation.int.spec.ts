import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { JsonValue } from '@trivet/contracts';
import type { CatalogTool } from '../../src/catalog/tool-catalog.js';
import { SandboxPool } from '../../src/sandbox/pool.js';
import type { SandboxResult } from '../../src/sandbox/result.js';
import { call, codeOf, prepareSandbox } from '../prepare.js';
import { marks, maskedSecret, spy } from './spies.js';

const NOTHING = { memory: 0, globals: 0, variables: 0, blocks: 0, error: 0, configuration: 0 };
const TENANTS = ['red', 'blue', 'green'];
const ENDS = { o: 'completed', t: 'tool_trapped', f: 'tool_failed' } as const;
const secret = fc.string({ unit: fc.constantFrom(...'ABCDEFGHJKLMNPQRSTUVWXYZ23456789'), minLength: 16, maxLength: 16 });

interface Act {
  tenant: string;
  secret: string;
  end: keyof typeof ENDS;
  reader: string;
}
const act: fc.Arbitrary<Act> = fc.record({ tenant: fc.constantFrom(...TENANTS), secret, end: fc.constantFrom('o', 't', 'f'), reader: fc.constantFrom(...TENANTS) });

describe('what one call leaves behind', () => {
  let pool: SandboxPool;
  let tools: Map<string, CatalogTool>;
  let notes: { tenant: string; text: string }[] = [];

  beforeAll(async () => {
    tools = await prepareSandbox();
    pool = new SandboxPool({ slots: 1 });
  }, 120_000);
  afterAll(() => pool.close());

  const services = {
    log: ({ tenant }: { tenant: string }, text: string) => void notes.push({ tenant, text }),
    progress: ({ tenant }: { tenant: string }, _fraction: number, text: string) => void notes.push({ tenant, text }),
  };
  const run = (tool: CatalogTool, tenant: string, input: JsonValue): Promise<SandboxResult> => call(pool, tool, input, { tenant, services });
  const toolNamed = (name: string): CatalogTool => {
    const tool = tools.get(name);
    if (!tool) throw new Error(`There is no tool ${name}.`);
    return tool;
  };

  it('is found by whoever looks in the same call: the spy knows every place', async () => {
    const result = await run(await spy('both'), 'red', maskedSecret('SECRETOFREDPLAIN'));
    expect(result).toMatchObject({ outcome: 'completed', output: { globals: 1, variables: 6, configuration: 0 } });
    const { blocks, memory } = Object(result.outcome === 'completed' ? result.output : {});
    // Four sizes of blocks that were not freed, the values of six variables; eight pages of it in memory.
    expect(blocks).toBeGreaterThan(9);
    expect(memory).toBeGreaterThanOrEqual((8 * 65_536) / 16);
    expect(await run(await marks(), 'red', 'w')).toMatchObject({ output: 'xxxxx-' });
  });

  describe.each([['by bundled tools, which share a process', 'shared'], ['by uploaded tools', 'tenant']] as const)('%s', (_what, isolation) => {
    it('is not there for the next, whatever tenant, however the call ended', async () => {
      const [writer, reader, marker] = await Promise.all([spy('write', { isolation }), spy('read', { isolation }), marks({ isolation })]);
      let reused = 0;
      let crossed = 0;
      await fc.assert(fc.asyncProperty(fc.array(act, { minLength: 1, maxLength: 4 }), async (acts) => {
        notes = [];
        for (const { tenant, secret: text, end, reader: other } of acts) {
          const left = await run(writer, tenant, `${maskedSecret(text)}${end}`);
          expect(codeOf(left)).toBe(ENDS[end]);
          await run(marker, tenant, 'w');
          const looked = await run(reader, other, maskedSecret(text));
          expect(looked).toMatchObject({ outcome: 'completed', output: NOTHING });
          expect(await run(marker, other, 'r')).toMatchObject({ outcome: 'completed', output: '------' });
          expect(JSON.stringify(looked)).not.toContain(text);
          // Its log lines went out under its own name.
          const said = notes.filter((note) => note.text.includes(text));
          expect([said.length, new Set(said.map((note) => note.tenant))]).toEqual([2, new Set([tenant])]);
          if (left.sandbox.slotPid === looked.sandbox.slotPid) {
            reused += 1;
            if (tenant !== other) crossed += 1;
          }
        }
      }), { numRuns: 40, seed: 11 });
      // The property means something only where the very process was used again; an uploaded tool's never is by another tenant.
      expect(reused).toBeGreaterThan(10);
      if (isolation === 'shared') expect(crossed).toBeGreaterThan(10);
      else expect(crossed).toBe(0);
    }, 120_000);
  });

  it('is not there after a call that had to be killed', async () => {
    const [writer, reader] = await Promise.all([spy('write', { limits: { timeoutMs: 400 } }), spy('read')]);
    expect(codeOf(await run(writer, 'red', `${maskedSecret('KILLEDATDEADLINE')}l`))).toBe('tool_timeout');
    expect(await run(reader, 'blue', maskedSecret('KILLEDATDEADLINE'))).toMatchObject({ output: NOTHING });
  });

  describe('by an interpreter', () => {
    const LEAVE = (text: string): string => `
      globalThis.left = "${text}"; Object.prototype.left = "${text}"; Array.prototype.left = "${text}"; Function.prototype.left = "${text}";
      Object.defineProperty(Promise.prototype, "left", { value: "${text}" });
      const stringify = JSON.stringify; JSON.stringify = (...all) => stringify(...all).replace("}", ',"left":"${text}"}');
      Date.now = () => "${text}"; Math.random = () => "${text}"; globalThis.keep = Array.from({ length: 1000 }, (_, i) => "${text}" + i); "done"`;
    /** Everything that can be reached by name from the global object, as text. */
    const LOOK = `
      const seen = new Set(); const texts = [];
      const visit = (value, depth) => {
        if (typeof value === "string") texts.push(value);
        if ((typeof value !== "object" && typeof value !== "function") || value === null || seen.has(value) || depth > 6) return;
        seen.add(value);
        for (const key of Reflect.ownKeys(value)) {
          texts.push(String(key));
          let inner;
          try { inner = value[key]; } catch { continue; }
          if (typeof inner === "function") texts.push(Function.prototype.toString.call(inner));
          visit(inner, depth + 1);
        }
        visit(Object.getPrototypeOf(value), depth + 1);
      };
      visit(globalThis, 0);
      texts.push(String(Date.now()), String(Math.random()), JSON.stringify({}));
      const bytes = new Uint8Array(500000); for (const byte of bytes) if (byte) texts.push("dirty");
      texts.join("|")`;
    const shared = (name: string): CatalogTool => {
      const tool = toolNamed(name);
      return { ...tool, sandbox: { ...tool.sandbox, isolation: 'shared' } };
    };

    it('is found by a script that looks in the same call', async () => {
      const result = await run(shared('code_javascript'), 'red', { code: `${LEAVE('SECRETOFREDPLAIN')}; const look = () => { ${LOOK.replace('texts.join("|")', 'return texts.join("|")')} }; look()` });
      expect(JSON.stringify(result)).toContain('SECRETOFREDPLAIN');
    });

    it('is not there for the next script in the same process, nor for any tool that comes with it', async () => {
      const script = shared('code_javascript');
      await fc.assert(fc.asyncProperty(secret, async (text) => {
        const others: [string, JsonValue][] = [
          ['calculator', { expression: '1+1' }], ['json_query', { expression: '@', data: { a: 1 } }], ['text_stats', { text: 'a b' }],
          ['docs_search', { query: 'health' }], ['web_search', { query: 'robotics' }],
        ];
        const inputs: [CatalogTool, JsonValue][] = [[script, { code: LEAVE(text) }], [toolNamed('json_query'), { expression: '@', data: { secret: text } }], [toolNamed('text_stats'), { text }]];
        for (const [tool, input] of inputs) {
          const left = await run(tool, 'red', input);
          expect(codeOf(left)).toBe('completed');
          const looked = await run(script, 'blue', { code: LOOK });
          expect([codeOf(looked), looked.sandbox.slotPid]).toEqual(['completed', left.sandbox.slotPid]);
          expect(JSON.stringify(looked)).not.toMatch(new RegExp(`${text}|dirty`));
        }
        for (const [name, input] of others) expect(JSON.stringify(await run(toolNamed(name), 'green', input))).not.toContain(text);
      }), { numRuns: 10, seed: 12 });
    }, 120_000);
  });
});
