import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Tool, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const SERVER = fileURLToPath(new URL('mcp-server-for-tests.mjs', import.meta.url));

describe('tools of an MCP server', () => {
  let stack: Stack;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trivet-mcp-'));
    const numbers = { command: process.execPath, args: [SERVER], env: { NUMBERS_KEY: 'k' }, tools: ['add', 'environment', 'fail', 'die', 'hang', 'flood'], limits: { timeoutMs: 1_500, outputKib: 64 } };
    writeFileSync(join(folder, 'mcp.json'), JSON.stringify({ servers: { numbers, absent: { command: '/nowhere' } } }));
    stack = await startStack({ without: ['model'], environment: { TRIVET_MCP_CONFIG: join(folder, 'mcp.json'), SECRET_OF_OURS: 's' } });
  });
  afterAll(async () => {
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  let runs = 0;
  async function run(tool: string, input: object = {}): Promise<Workflow> {
    const workflowId = `mcp-${(runs += 1)}`;
    const response = await stack.submit({ goal: 'x', workflowId, plan: { steps: [{ id: 'call', kind: 'tool', tool, input }] } });
    if (response.status !== 202) throw new Error(await response.text());
    return stack.ended(workflowId);
  }

  it('are in the catalog under the name of their server, with their schemas, and are called', async () => {
    const tools = (await stack.get<{ items: Tool[] }>('/api/v1/tools')).items;
    expect(tools.map((tool) => tool.name).filter((name) => name.startsWith('mcp_'))).toEqual(['mcp_numbers_add', 'mcp_numbers_die', 'mcp_numbers_environment', 'mcp_numbers_fail', 'mcp_numbers_flood', 'mcp_numbers_hang']);
    expect(await run('mcp_numbers_add', { a: 20, b: 22 })).toMatchObject({ status: 'completed', result: { call: { text: '42', structured: { sum: 42 } } } });
    const refused = await stack.submit({ goal: 'x', plan: { steps: [{ id: 'call', kind: 'tool', tool: 'mcp_numbers_add', input: { a: 'twenty' } }] } });
    expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: 'plan_invalid' })]);
  });

  it('see nothing of our environment', async () => {
    const { result } = await run('mcp_numbers_environment');
    expect((result as { call: { text: string } }).call.text).toBe('NUMBERS_KEY PATH');
  });

  it.each([
    ['mcp_numbers_fail', 'tool_failed', 'out of numbers'],
    ['mcp_numbers_hang', 'tool_timeout', '1500 ms'],
    ['mcp_numbers_flood', 'tool_output_too_large', '65536'],
    ['mcp_numbers_die', 'tool_crashed', 'went away'],
  ])('%s fails its call as %s, and no other', async (tool, code, words) => {
    const [bad, good] = await Promise.all([run(tool), run('calculator', { expression: '1' })]);
    expect([bad.failure?.code, bad.failure?.message]).toEqual([code, expect.stringContaining(words)]);
    expect(good.status).toBe('completed');
  });

  it('are there again when their server is', async () => {
    await until(async () => (await run('mcp_numbers_add', { a: 1, b: 2 })).status === 'completed', 20_000, () => stack.logs());
  });
});
