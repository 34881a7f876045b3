import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { JsonValue } from '@trivet/contracts';
import type { CatalogTool } from '../src/catalog/tool-catalog.js';
import { createCaseMemory } from '../src/host/case-memory.js';
import { SandboxPool } from '../src/sandbox/pool.js';
import type { SandboxResult } from '../src/sandbox/result.js';
import { PLUGINS_FOLDER, call, prepareSandbox } from '../hostile/prepare.js';

/** One case of a tool's cases.json: exactly one of output, contains and failure. */
interface Case {
  name: string;
  input: JsonValue;
  output?: JsonValue;
  contains?: { [field: string]: JsonValue };
  failure?: { code: string; message: string };
}

const FOLDERS = readdirSync(PLUGINS_FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory() && readdirSync(join(PLUGINS_FOLDER, entry.name)).includes('tool.json')).map(({ name }) => name);

/** No network, whatever machine this runs on. */
const resolve = async (): Promise<never> => {
  throw Object.assign(new Error('getaddrinfo EAI_AGAIN'), { code: 'EAI_AGAIN' });
};

describe('the bundled tools', () => {
  let pool: SandboxPool;
  let tools: Map<string, CatalogTool>;
  beforeAll(async () => {
    tools = await prepareSandbox();
    pool = new SandboxPool({ slots: 2 });
  }, 120_000);
  afterAll(() => pool.close());

  it('are all there', () => {
    expect([...tools.keys()]).toEqual(FOLDERS.sort());
  });

  describe.each(FOLDERS)('%s', (folder) => {
    // Written by us, beside the tool.
    const cases: Case[] = JSON.parse(readFileSync(join(PLUGINS_FOLDER, folder, 'cases.json'), 'utf8'));
    it.each(cases.map((each) => [each.name, each] as const))('%s', async (_name, { input, output, contains, failure }) => {
      const tool = tools.get(folder);
      if (!tool) throw new Error(`${folder} is not in the catalog`);
      const model = async (_call: unknown, request: JsonValue) => ({ value: { text: `A summary of ${JSON.stringify(request).length} characters.` } });
      const result = await call(pool, tool, input, { services: { model, memory: createCaseMemory() }, egress: { resolve } });
      if (failure) expect(result).toMatchObject({ outcome: 'failed', failure: { code: failure.code, message: expect.stringContaining(failure.message) } });
      else if (contains) expect(result).toMatchObject({ outcome: 'completed', output: beginningWith(contains, result) });
      else expect(result).toMatchObject({ outcome: 'completed', output });
    });
  });
});

/** The results a case names must be the first; what follows them is left open. */
function beginningWith(contains: { [field: string]: JsonValue }, result: SandboxResult): object {
  if (!Array.isArray(contains.results) || result.outcome === 'failed') return contains;
  const found = typeof result.output === 'object' && result.output !== null && 'results' in result.output ? result.output.results : [];
  return { ...contains, results: [...contains.results, ...(Array.isArray(found) ? found.slice(contains.results.length) : [])] };
}
