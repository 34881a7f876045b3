import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
    // Of two executors one has them: a call that comes to the other goes on to it.
    stack = await startStack({ without: ['model'], replicas: { executor: 2 }, environment: { SECRET_OF_OURS: 's' }, environmentOf: (service, index): Record<string, string> => (service === 'executor' && index === 0 ? { TRIVET_MCP_CONFIG: join(folder, 'mcp.json') } : {}) });
    // The executor with them may be the later one, and its server later still.
    await until(async () => (await stack.get<{ items: Tool[] }>('/api/v1/tools')).items.some(({ name }) => name === 'mcp_numbers_add'), 30_000, () => stack.logs());
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

  it('are waited for while no executor has them, which is said, and hold up no other call', async () => {
    const config = join(folder, 'mcp.json');
    const servers = readFileSync(config);
    writeFileSync(config, '{ "servers": {} }');
    await stack.processes('executor')[0]?.replace();
    const plan = { steps: [{ id: 'call', kind: 'map', over: Array.from({ length: 20 }, (_, index) => index), parallel: 20, step: { id: 'add', kind: 'tool', tool: 'mcp_numbers_add', input: { a: { $: 'item' }, b: 1 } } }] };
    expect((await stack.submit({ goal: 'x', workflowId: 'waits', plan })).status).toBe(202);
    let waiting: Workflow | undefined;
    await until(async () => {
      waiting = await stack.get<Workflow>('/api/v1/workflows/waits');
      return waiting.waitingFor === 'Step call--0 is queued: no executor has the tool mcp_numbers_add.';
    }, 30_000, () => `${JSON.stringify(waiting)}\n${stack.logs()}`);
    expect(waiting?.waitingSince).toMatch(/Z$/);
    const { items } = await stack.get<{ items: Workflow[] }>('/api/v1/workflows?q=waits');
    expect(items.map(({ waitingFor }) => waitingFor)).toEqual([waiting?.waitingFor]);
    expect((await run('calculator', { expression: '1' })).status).toBe('completed');
    writeFileSync(config, servers);
    await stack.processes('executor')[0]?.replace();
    const ended = await stack.ended('waits');
    expect([ended.status, ended.waitingFor, (ended.result as { call: unknown[] }).call.length]).toEqual(['completed', null, 20]);
  });

  it('are there again when their server is', async () => {
    await until(async () => (await run('mcp_numbers_add', { a: 1, b: 2 })).status === 'completed', 20_000, () => stack.logs());
  });
});
