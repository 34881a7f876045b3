import type { Policy, ToolPolicy, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const sum = { kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } };

describe('what the policy of a tenant says of tools', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack();
  });
  afterAll(() => stack.stop());

  const put = (tenant: string, body: object, by?: string): Promise<Response> => fetch(`${stack.url}/api/v1/policies/${tenant}`, { method: 'PUT', headers: { 'Content-Type': 'application/json', ...(by ? { 'X-Trivet-Tenant': by } : {}) }, body: JSON.stringify(body) });
  const setTools = async (tenant: string, tools: ToolPolicy): Promise<void> => {
    const answer = await put(tenant, { tools });
    expect([answer.status, ((await answer.json()) as Policy).tools]).toEqual([200, tools]);
  };

  it('a denied tool is a problem of the plan, dry run and schedule too, for its tenant alone', async () => {
    await setTools('bound', { deny: ['calculator'] });
    const plan = { steps: [{ id: 'add', ...sum }] };
    // Another orchestrator may have read the policy up to half a second ago; this one was asked to set it.
    for (const refused of [await stack.submit({ goal: 'x', plan }, { tenant: 'bound' }), await stack.submit({ goal: 'x', plan }, { tenant: 'bound', query: '?dryRun=true' })]) {
      expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: 'plan_invalid', errors: [{ pointer: '/plan/steps/0/tool', detail: expect.stringContaining('names the tool calculator, which the policy of tenant bound denies; there are code_javascript') }] })]);
    }
    const schedule = await fetch(`${stack.url}/api/v1/schedules`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Trivet-Tenant': 'bound' }, body: JSON.stringify({ cron: '0 3 * * *', task: { goal: 'x', plan } }) });
    expect([schedule.status, await schedule.json()]).toEqual([400, expect.objectContaining({ code: 'plan_invalid' })]);
    await stack.submit({ goal: 'x', workflowId: 'allowed', plan }, { tenant: 'free' });
    expect(await stack.ended('allowed', { tenant: 'free' })).toMatchObject({ status: 'completed' });
  });

  it('a tool that is denied while a workflow runs is refused when its step begins', async () => {
    const plan = { steps: [{ id: 'hold', kind: 'wait', input: { signal: 'go' } }, { id: 'add', ...sum, dependsOn: ['hold'] }] };
    for (const tenant of ['later', 'free']) expect((await stack.submit({ goal: 'x', workflowId: 'running', plan }, { tenant })).status).toBe(202);
    await setTools('later', { allow: ['text_stats'] });
    for (const tenant of ['later', 'free']) {
      await until(async () => (await stack.get<Workflow>('/api/v1/workflows/running', { tenant })).status === 'waiting', 10_000);
      const sent = await fetch(`${stack.url}/api/v1/workflows/running/signal`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Trivet-Tenant': tenant }, body: JSON.stringify({ name: 'go' }) });
      expect(sent.ok).toBe(true);
    }
    expect(await stack.ended('running', { tenant: 'later' })).toMatchObject({ status: 'failed', failure: { code: 'tool_host_denied', message: expect.stringContaining('policy of tenant later denies tool calculator') } });
    expect(await stack.ended('running', { tenant: 'free' })).toMatchObject({ status: 'completed' });
  });

  it('hosts that it does not allow are refused by the tool, not waited for', async () => {
    await setTools('offline', { hosts: [] });
    await stack.submit({ goal: 'x', workflowId: 'fetching', plan: { steps: [{ id: 'page', kind: 'tool', tool: 'web_fetch', input: { url: 'https://example.com/' } }] } }, { tenant: 'offline' });
    expect(await stack.ended('fetching', { tenant: 'offline' })).toMatchObject({ status: 'failed', failure: { code: 'tool_host_denied', message: expect.stringContaining('the policy of tenant offline allows (none)') } });
  });

  it('is set by the operator alone, and stays until it is lifted in so many words', async () => {
    await setTools('kept', { deny: ['web_fetch'] });
    const lifted = await put('kept', { weight: 2, tools: {} }, 'kept');
    expect([lifted.status, await lifted.json()]).toEqual([403, expect.objectContaining({ code: 'forbidden', detail: expect.stringContaining('Only the operator sets /tools') })]);
    const weighed = await put('kept', { weight: 2 }, 'kept');
    expect([weighed.status, await weighed.json()]).toEqual([200, expect.objectContaining({ weight: 2, tools: { deny: ['web_fetch'] } })]);
    expect(await stack.get<Policy>('/api/v1/policies/kept', { tenant: 'kept' })).toMatchObject({ weight: 2, tools: { deny: ['web_fetch'] } });
    expect(await (await put('kept', { weight: 3 })).json()).toMatchObject({ weight: 3, tools: { deny: ['web_fetch'] } });
    expect(await (await put('kept', { weight: 3, tools: {} })).json()).toMatchObject({ tools: {} });
    expect((await stack.get<Policy>('/api/v1/policies/kept')).tools).toEqual({});
  });

  it('is refused when it says what cannot be meant', async () => {
    for (const tools of [{ hosts: ['https://example.com/'] }, { hosts: ['*'] }, { withhold: ['network'] }, { deny: ['a b'] }, { denied: [] }]) expect((await put('odd', { tools })).status).toBe(400);
  });
});
