import { request as httpRequest } from 'node:http';
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import type { Approval, AuditRow, Page } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';
import { z } from 'zod';

const SUM = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } }] };
const ASK = { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Ship it?' } }] };
const Answer = z.object({ isError: z.boolean().optional(), structuredContent: z.record(z.string(), z.unknown()).optional(), content: z.array(z.object({ text: z.string() })) });

describe('the door for MCP', () => {
  let stack: Stack;
  const clients: Client[] = [];
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
  });
  afterAll(async () => {
    for (const client of clients) await client.close();
    await stack.stop();
  });

  async function connect(tenant?: string): Promise<(name: string, given?: Record<string, unknown>) => Promise<z.infer<typeof Answer>>> {
    const client = new Client({ name: 'an-agent', version: '1.0.0' });
    await client.connect(new StreamableHTTPClientTransport(new URL(`${stack.url}/mcp`), tenant ? { requestInit: { headers: { 'X-Trivet-Tenant': tenant } } } : {}));
    clients.push(client);
    return async (name, given = {}) => Answer.parse(await client.callTool({ name, arguments: given }));
  }

  it('says what can be done, and what of it changes something', async () => {
    await connect();
    const { tools = [] } = (await clients[0]?.listTools()) ?? {};
    const hints = Object.fromEntries(tools.map(({ name, annotations }) => [name, `${annotations?.readOnlyHint ? 'reads' : 'changes'}${annotations?.destructiveHint ? ' for good' : ''}`]));
    expect(hints).toEqual({ submit_task: 'changes', get_workflow: 'reads', list_workflows: 'reads', wait_for_workflow: 'reads', cancel_workflow: 'changes for good', resume_workflow: 'changes', approve: 'changes for good', list_tools: 'reads', get_budget: 'reads' });
  });

  it('takes a task, waits for it and reads it', async () => {
    const call = await connect();
    expect((await call('submit_task', { goal: 'add', workflowId: 'm1', plan: SUM })).structuredContent).toMatchObject({ workflowId: 'm1', duplicate: false });
    expect((await call('wait_for_workflow', { workflowId: 'm1' })).structuredContent).toMatchObject({ status: 'completed', result: { sum: { value: 42 } } });
    expect((await call('get_workflow', { workflowId: 'm1' })).structuredContent).toMatchObject({ status: 'completed' });
    expect((await call('list_workflows', { status: ['completed'], q: 'm1' })).structuredContent).toMatchObject({ items: [{ workflowId: 'm1' }] });
    expect((await call('list_tools')).structuredContent).toMatchObject({ items: expect.arrayContaining([expect.objectContaining({ name: 'calculator' })]) });
    expect((await call('get_budget', { scope: 'workflow', id: 'm1' })).structuredContent).toMatchObject({ account: 'workflow/m1' });
    expect((await stack.get<Page<AuditRow>>('/api/v1/audit?limit=200')).items.find(({ workflowId }) => workflowId === 'm1')).toMatchObject({ action: 'task.submit', actor: 'mcp' });
  });

  it('decides an approval, resumes and cancels', async () => {
    const call = await connect();
    for (const workflowId of ['m2', 'm3']) await call('submit_task', { goal: 'ask', workflowId, plan: ASK });
    let open: Approval[] = [];
    await until(async () => (open = (await stack.get<Page<Approval>>('/api/v1/approvals')).items).length === 2, 20_000, () => stack.logs());
    await fetch(`${stack.url}/api/v1/workflows/m2/pause`, { method: 'POST' });
    expect((await call('resume_workflow', { workflowId: 'm2' })).structuredContent).toMatchObject({ workflowId: 'm2', status: 'waiting' });
    expect((await call('approve', { approvalId: open.find(({ workflowId }) => workflowId === 'm2')?.id, decision: 'approve', comment: 'fine' })).structuredContent).toMatchObject({ decision: 'approve' });
    expect((await call('wait_for_workflow', { workflowId: 'm2' })).structuredContent).toMatchObject({ status: 'completed' });
    expect((await call('wait_for_workflow', { workflowId: 'm3', seconds: 0 })).structuredContent).toMatchObject({ status: 'waiting' });
    expect((await call('cancel_workflow', { workflowId: 'm3', reason: 'enough' })).structuredContent).toMatchObject({ status: 'cancelled' });
  });

  it('refuses in words that say what to do', async () => {
    const call = await connect();
    expect(await call('get_workflow', { workflowId: 'nobody' })).toMatchObject({ isError: true, content: [{ text: expect.stringMatching(/^not_found: There is no workflow nobody/) }] });
    expect(await call('cancel_workflow', { workflowId: 'm1' })).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('state_conflict') }] });
    expect(await call('submit_task', { goal: 'x', plan: { steps: [{ id: 'a', kind: 'tool', tool: 'nothing', input: {} }] } })).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('/plan/steps/0/tool') }] });
  });

  it('keeps tenants apart', async () => {
    const call = await connect('acme');
    expect(await call('get_workflow', { workflowId: 'm1' })).toMatchObject({ isError: true, content: [{ text: expect.stringContaining('not_found') }] });
    expect((await call('list_workflows')).structuredContent).toMatchObject({ items: [] });
    expect(await call('get_budget', { scope: 'tenant', id: 'default' })).toMatchObject({ isError: true });
  });

  it('refuses the page of another site, and a name that was made to point here', async () => {
    const { port } = new URL(stack.url);
    const ask = (headers: Record<string, string>): Promise<number> => new Promise((resolve, reject) => {
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} });
      const request = httpRequest({ host: '127.0.0.1', port, path: '/mcp', method: 'POST', headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream', ...headers } }, (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      });
      request.on('error', reject).end(body);
    });
    expect(await ask({})).toBe(200);
    expect(await ask({ Origin: `http://localhost:${port}` })).toBe(200);
    expect(await ask({ Origin: 'https://evil.example' })).toBe(403);
    expect(await ask({ Origin: 'null' })).toBe(403);
    expect(await ask({ Host: `evil.example:${port}` })).toBe(403);
    expect((await fetch(`${stack.url}/mcp`)).status).toBe(405);
  });
});
