import type { Account, Workflow } from '@trivet/contracts';
import { startStack, type Stack } from '@trivet/testing';

const script = (code: string): object => ({ kind: 'tool', tool: 'code_javascript', input: { code } });

describe('at the edges', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.stop());

  it('an output over 64 KiB ends its step once and reaches the next', async () => {
    await stack.submit({ goal: 'x', workflowId: 'large', plan: { steps: [{ id: 'make', ...script('"x".repeat(70000)') }, { id: 'count', kind: 'tool', tool: 'text_stats', input: { text: { $: 'steps.make.output.value' } } }] } });
    expect(await stack.ended('large')).toMatchObject({ status: 'completed', result: { count: { characters: 70_000 } } });
    const steps = await stack.steps('large');
    expect(steps.map((step) => step.calls.length)).toEqual([1, 1]);
    expect(JSON.stringify(steps[0]?.output)).toHaveLength(JSON.stringify({ value: 'x'.repeat(70_000), output: '' }).length);
  });

  it('a result over 64 KiB is read back whole', async () => {
    await stack.submit({ goal: 'x', workflowId: 'large-result', plan: { steps: [{ id: 'make', ...script('"y".repeat(100000)') }] } });
    const workflow = await stack.ended('large-result');
    expect(workflow.result).toEqual({ make: { value: 'y'.repeat(100_000), output: '' } });
  });

  it('an output nested too deep fails its step and says so', async () => {
    await stack.submit({ goal: 'x', workflowId: 'deep', plan: { steps: [{ id: 'make', ...script('let x = 1; for (let i = 0; i < 150; i++) x = [x]; x') }] } });
    expect(await stack.ended('deep')).toMatchObject({ status: 'failed', failure: { code: 'tool_output_invalid', message: expect.stringContaining('limit is 80') } });
  });

  it('a model step that gets no request fails and says so', async () => {
    await stack.submit({ goal: 'x', workflowId: 'no-request', input: { text: 'only text' }, plan: { steps: [{ id: 'ask', kind: 'model', input: { $: 'input.text' } }] } });
    expect(await stack.ended('no-request')).toMatchObject({ status: 'failed', failure: { code: 'invalid_request' } });
  });

  it('a budget is that of the body that won, however many are sent at once', async () => {
    const bodies = (id: string): object[] => [{ goal: 'a', workflowId: id, budget: { tokens: 111 }, plan: { steps: [{ id: 's', ...script('1') }] } }, { goal: 'b', workflowId: id, plan: { steps: [{ id: 's', ...script('1') }] } }];
    for (let round = 0; round < 10; round += 1) {
      const id = `raced-${round}`;
      const [first, second] = await Promise.all((round % 2 ? bodies(id).reverse() : bodies(id)).map((body) => stack.submit(body)));
      expect([first?.status, second?.status].sort()).toEqual([202, 409]);
      const workflow: Workflow = await stack.ended(id);
      expect(workflow.budget.limitTokens).toBe(workflow.goal === 'a' ? 111 : null);
    }
  });

  it('a stream that is asked for what comes after the end ends', async () => {
    const response = await fetch(`${stack.url}/api/v1/workflows/deep/stream`, { headers: { 'Last-Event-ID': '9999' }, signal: AbortSignal.timeout(10_000) });
    expect(await response.text()).not.toContain('data:');
  });

  it('nobody but the operator reads or sets the global account', async () => {
    const headers = { 'X-Trivet-Tenant': 'acme', 'Content-Type': 'application/json' };
    expect((await fetch(`${stack.url}/api/v1/budgets/global/global`, { headers })).status).toBe(404);
    expect((await fetch(`${stack.url}/api/v1/budgets/global/global`, { method: 'PUT', headers, body: '{"windows":[{"window":"total","limitTokens":0}]}' })).status).toBe(404);
    expect((await stack.get<Account>('/api/v1/budgets/global/global')).account).toBe('global/global');
  });

  it('a task whose numbers grow when they are written out is refused at the door', async () => {
    const response = await fetch(`${stack.url}/api/v1/tasks`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: `{"goal":"x","input":[${Array.from({ length: 60_000 }, () => '1e20').join(',')}],"plan":{"steps":[{"id":"s","kind":"tool","tool":"calculator","input":{"expression":"1"}}]}}` });
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ code: 'payload_too_large', detail: expect.stringContaining('written out') });
  });

  it.each(['maybe', 'TRUE'])('dryRun=%s is refused and runs nothing', async (value) => {
    expect((await stack.submit({ goal: 'x' }, { query: `?dryRun=${value}` })).status).toBe(400);
    const plan = await stack.submit({ goal: 'x' }, { query: '?dryRun=1' });
    expect(plan.status).toBe(200);
    expect(await plan.json()).toMatchObject({ template: 'research', plan: { steps: expect.any(Array) } });
  });
});
