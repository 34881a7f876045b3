import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { FailureError, parseJsonText, type JsonValue } from '@trivet/contracts';
import type { CatalogTool } from '../../src/catalog/tool-catalog.js';
import { SandboxPool } from '../../src/sandbox/pool.js';
import { call, echoPlugin, prepareSandbox } from '../prepare.js';
import { deadlineOf, settingsOf } from './fuzz.config.js';
import { FUZZED_TOOLS, inputFor } from './inputs.js';
import { Witness, expectTyped, within } from './witness.js';

const NO_END_MS = 60_000;
/** Like the limits of a tool, so that no case takes long. */
const LONGEST_MS = 1000;
const offline = async (): Promise<never> => {
  throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
};

describe('inputs that no one would send', () => {
  let pool: SandboxPool;
  let tools: Map<string, CatalogTool>;
  let echo: CatalogTool;
  const outcomes = new Map<string, number>();

  beforeAll(async () => {
    tools = await prepareSandbox();
    echo = await echoPlugin({ limits: { timeoutMs: 20_000 } });
    pool = new SandboxPool({ slots: 2 });
  }, 120_000);
  afterAll(() => pool.close());

  const noted = (what: string): void => void outcomes.set(what, (outcomes.get(what) ?? 0) + 1);

  /** What the door says of a text, as it would to whoever sent it; undefined when it lets nothing through. */
  function throughTheDoor(text: string): { value: JsonValue } | undefined {
    try {
      // Parsed from JSON.
      return { value: parseJsonText(text, 'the input') as JsonValue };
    } catch (error) {
      expect(error).toBeInstanceOf(FailureError);
      noted('refused at the door');
      return undefined;
    }
  }

  async function send(name: string, text: string): Promise<void> {
    const tool = tools.get(name);
    if (!tool) throw new Error(`There is no tool ${name}.`);
    const input = throughTheDoor(text);
    if (!input) return;
    const model = async () => ({ value: { text: 'A summary.' } });
    const result = await within(NO_END_MS, call(pool, tool, input.value, { timeoutMs: LONGEST_MS, services: { model }, egress: { resolve: offline } }), `${name}`);
    expectTyped(result);
    noted(result.outcome === 'completed' ? 'completed' : result.failure.code);
  }

  it('are known for every tool that comes with it', () => {
    expect([...tools.keys()].sort()).toEqual([...FUZZED_TOOLS].sort());
  });

  it('are refused, or answered in a typed way, by every tool that comes with it', async () => {
    const witness = new Witness();
    const input = fc.constantFrom(...FUZZED_TOOLS).chain((name) => inputFor(name).map((text) => [name, text] as const));
    await fc.assert(fc.asyncProperty(input, ([name, text]) => send(name, text)), settingsOf('inputs'));
    witness.check();
    // All ways must be taken: else it is the generator that is tested.
    if (settingsOf('inputs').numRuns >= 500) expect([...outcomes.keys()]).toEqual(expect.arrayContaining(['refused at the door', 'tool_input_invalid', 'tool_failed', 'completed']));
    expect(await call(pool, echo, { still: 'here' })).toMatchObject({ output: { still: 'here' } });
  }, deadlineOf('inputs'));

  it('that never came through a door are refused when they are too deep, and not a stack overflow', async () => {
    let deep: JsonValue = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    let bearable: JsonValue = [];
    for (let level = 1; level < 80; level += 1) bearable = [bearable];
    expect(await call(pool, echo, bearable)).toMatchObject({ output: bearable });
    expect(await call(pool, echo, deep)).toMatchObject({ failure: { code: 'tool_input_invalid', message: 'The input of tool echo is nested 100000 levels deep; the limit is 100.' } });
  });
});
