import { connectBus, type Bus } from '@trivet/bus';
import type { Approval, Event, StateAt, Step, Workflow } from '@trivet/contracts';
import { startScriptedVendor, startStack, until, type ScriptedVendor, type Stack, type VendorAnswer, type VendorRequest } from '@trivet/testing';

/** A model that wants one sum calculated, and then says what came out. */
function calculating(request: VendorRequest): VendorAnswer {
  const result = request.messages.findLast((message) => message.role === 'tool');
  if (result) return { text: `The tool said ${result.content}` };
  if (request.tools) return { toolCalls: [{ id: 'c1', name: 'calculator', arguments: { expression: '6 * 7' } }] };
  return { text: 'plain answer' };
}

describe('every kind of step, on real services', () => {
  let vendor: ScriptedVendor;
  let stack: Stack;
  let bus: Bus;
  beforeAll(async () => {
    vendor = await startScriptedVendor(calculating);
    stack = await startStack({ replicas: { orchestrator: 2 }, environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none' } });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
  });
  afterAll(async () => {
    await bus.close();
    await stack.stop();
    await vendor.stop();
  });

  const post = (path: string, body: object = {}): Promise<Response> => fetch(`${stack.url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const stepOf = async (workflowId: string, stepId: string): Promise<Step> => {
    const step = (await stack.steps(workflowId)).find((each) => each.id === stepId);
    if (!step) throw new Error(`no step ${stepId}`);
    return step;
  };
  const statusIs = (workflowId: string, status: string): Promise<void> => until(async () => (await stack.get<Workflow>(`/api/v1/workflows/${workflowId}`)).status === status, 20_000, () => `${workflowId} is not ${status}\n${stack.logs()}`);

  it('an agent calls its tools and answers; each turn and call is a step with a call of its own', async () => {
    await stack.submit({ goal: 'calculate', workflowId: 'agent', plan: { steps: [{ id: 'bot', kind: 'agent', input: { goal: 'what is six times seven?', tools: ['calculator'], maxTurns: 4, maxCalls: 4, maxTokens: 10_000 } }] } });
    const workflow = await stack.ended('agent');
    expect(workflow).toMatchObject({ status: 'completed', result: { bot: { answer: expect.stringContaining('42'), turns: 2 } }, steps: { done: 1, total: 1 }, budget: { usedTokens: 30 } });
    const steps = await stack.steps('agent');
    expect(steps.map((step) => [step.id, step.kind, step.parent, step.calls.filter((call) => call.outcome === 'completed').length])).toEqual([
      ['bot', 'agent', undefined, 1], ['bot--0', 'model', 'bot', 1], ['bot--1', 'tool', 'bot', 1], ['bot--2', 'model', 'bot', 1],
    ]);
    expect(vendor.requests).toHaveLength(2);
  });

  it('a map does the same with each item and collects what it gives', async () => {
    await stack.submit({ goal: 'squares', workflowId: 'map', input: { numbers: [1, 2, 3, 4, 5] }, plan: { steps: [{ id: 'fan', kind: 'map', over: { $: 'input.numbers' }, parallel: 2, step: { id: 'one', kind: 'tool', tool: 'calculator', input: { expression: '{{ item }} * {{ item }}' } } }], output: { squares: { $: 'steps.fan.output[].value' } } } });
    expect((await stack.ended('map')).result).toEqual({ squares: [1, 4, 9, 16, 25] });
  });

  it('code runs in the sandbox', async () => {
    await stack.submit({ goal: 'code', workflowId: 'code', input: { n: 5 }, plan: { steps: [{ id: 'run', kind: 'code', input: { code: 'input.n * 2', input: { n: { $: 'input.n' } } } }] } });
    expect((await stack.ended('code')).result).toEqual({ run: { value: 10, output: '' } });
  });

  it('an approval waits in the inbox; one decision counts, and what was edited is what runs', async () => {
    const plan = { steps: [{ id: 'gate', kind: 'approval', input: { question: 'Which sum?', details: { expression: '1 + 1' } } }, { id: 'sum', kind: 'tool', tool: 'calculator', input: { $: 'steps.gate.output.edited' } }] };
    await stack.submit({ goal: 'ask', workflowId: 'approval', plan });
    await statusIs('approval', 'waiting');
    expect((await stack.get<Workflow>('/api/v1/workflows/approval')).waitingFor).toBe('Step gate waits for a decision: Which sum?');
    const { items } = await stack.get<{ items: Approval[] }>('/api/v1/approvals');
    const [approval] = items.filter((each) => each.workflowId === 'approval');
    expect(approval).toMatchObject({ stepId: 'gate', purpose: 'step', question: 'Which sum?', details: { expression: '1 + 1' } });
    const decide = (): Promise<Response> => post(`/api/v1/approvals/${approval?.id}/decide`, { decision: 'approve', comment: 'go', edited: { expression: '2 + 3' } });
    const statuses = (await Promise.all([decide(), decide(), decide()])).map((response) => response.status).sort();
    expect(statuses).toEqual([200, 409, 409]);
    expect((await stack.ended('approval')).result).toEqual({ sum: { value: 5 } });
    expect((await stack.get<{ items: Approval[] }>('/api/v1/approvals')).items.filter((each) => each.workflowId === 'approval')).toEqual([]);
    expect((await post('/api/v1/approvals/nobody.x/decide', { decision: 'deny' })).status).toBe(404);
  });

  it('a wait lasts its time, and a signal ends one', async () => {
    const startedAt = Date.now();
    await stack.submit({ goal: 'wait', workflowId: 'wait', plan: { steps: [{ id: 'nap', kind: 'wait', input: { ms: 600 } }, { id: 'go', kind: 'wait', input: { signal: 'go' }, dependsOn: ['nap'] }] } });
    await until(async () => (await stepOf('wait', 'go')).status === 'waiting', 20_000);
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(600);
    expect((await post('/api/v1/workflows/wait/signal', { name: 'go', payload: { by: 'test' } })).status).toBe(202);
    expect((await stack.ended('wait')).result).toEqual({ go: { payload: { by: 'test' } } });
    expect((await post('/api/v1/workflows/wait/signal', { name: 'go' })).status).toBe(409);
  });

  it('a child workflow runs on the account of its parent too, and ends with it', async () => {
    const child = { steps: [{ id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: '{{ goal }}' }], maxTokens: 50 } }] };
    await stack.submit({ goal: 'parent', workflowId: 'parent', budget: { tokens: 5_000 }, plan: { steps: [{ id: 'sub', kind: 'workflow', input: { goal: 'child goal', plan: child } }], output: { said: { $: 'steps.sub.output.ask.text' } } } });
    const parent = await stack.ended('parent');
    expect(parent).toMatchObject({ status: 'completed', result: { said: 'plain answer' }, budget: { usedTokens: 15, limitTokens: 5_000 } });

    const slow = { steps: [{ id: 'nap', kind: 'wait', input: { ms: 600_000 } }] };
    await stack.submit({ goal: 'parent', workflowId: 'stopped', plan: { steps: [{ id: 'sub', kind: 'workflow', input: { goal: 'child', plan: slow } }] } });
    await until(async () => (await stepOf('stopped', 'sub')).childWorkflowId !== undefined, 20_000);
    const childId = (await stepOf('stopped', 'sub')).childWorkflowId ?? '';
    await statusIs(childId, 'waiting');
    await post('/api/v1/workflows/stopped/cancel');
    await statusIs(childId, 'cancelled');
  });

  it('a spent budget is asked about, and raised', async () => {
    const plan = { steps: [{ id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'hi' }], maxTokens: 50 } }] };
    await stack.submit({ goal: 'x', workflowId: 'poor', budget: { tokens: 3, onExceed: 'ask' }, plan });
    await statusIs('poor', 'waiting');
    const { items } = await stack.get<{ items: Approval[] }>('/api/v1/approvals');
    const approval = items.find((each) => each.workflowId === 'poor');
    expect(approval).toMatchObject({ purpose: 'budget', question: expect.stringContaining('workflow/poor') });
    const answer = await bus.request('trivet.v1.rpc.workflow.approve', { id: approval?.id, decision: 'approve', edited: { tokens: 5_000 } });
    expect(answer).toMatchObject({ errorCode: null });
    expect(await stack.ended('poor')).toMatchObject({ status: 'completed', budget: { limitTokens: 5_000, usedTokens: 15 } });
  });

  it('a workflow is paused, resumed, and retried from the step that failed; of two at once one is told so', async () => {
    const plan = { steps: [{ id: 'first', kind: 'tool', tool: 'calculator', input: { expression: '1' } }, { id: 'go', kind: 'wait', input: { signal: 'go', timeoutMs: 1_500 }, dependsOn: ['first'] }, { id: 'last', kind: 'tool', tool: 'calculator', input: { expression: '2' }, dependsOn: ['go'] }] };
    await stack.submit({ goal: 'x', workflowId: 'held', plan });
    await until(async () => (await stepOf('held', 'go')).status === 'waiting', 20_000);
    const pauses = await Promise.all([post('/api/v1/workflows/held/pause', { reason: 'lunch' }), post('/api/v1/workflows/held/pause')]);
    expect(pauses.map((response) => response.status).sort()).toEqual([202, 409]);
    await post('/api/v1/workflows/held/signal', { name: 'go' });
    await until(async () => (await stepOf('held', 'go')).status === 'completed', 20_000);
    expect(await stack.get<Workflow>('/api/v1/workflows/held')).toMatchObject({ status: 'paused', waitingFor: expect.stringContaining('Resume it') });
    expect((await stepOf('held', 'last')).status).toBe('pending');
    const resumes = await Promise.all([post('/api/v1/workflows/held/resume'), post('/api/v1/workflows/held/resume')]);
    expect(resumes.map((response) => response.status).sort()).toEqual([202, 409]);
    expect((await stack.ended('held')).status).toBe('completed');

    await stack.submit({ goal: 'x', workflowId: 'failed', plan });
    expect((await stack.ended('failed')).failure?.code).toBe('deadline_exceeded');
    const before = (await stepOf('failed', 'first')).calls;
    const retries = await Promise.all([post('/api/v1/workflows/failed/retry'), post('/api/v1/workflows/failed/retry')]);
    expect(retries.map((response) => response.status).sort()).toEqual([202, 409]);
    await post('/api/v1/workflows/failed/signal', { name: 'go' });
    await statusIs('failed', 'completed');
    expect((await stepOf('failed', 'first')).calls).toEqual(before);
    const events = (await stack.get<{ items: Event[] }>('/api/v1/workflows/failed/events?limit=500')).items;
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
  });

  it('a fork runs again from its step, with another input, and reuses what came before', async () => {
    const plan = { steps: [{ id: 'a', kind: 'model', input: { messages: [{ role: 'user', content: 'fork me' }], maxTokens: 50 } }, { id: 'b', kind: 'tool', tool: 'calculator', input: { expression: '{{ input.n }} + 1' }, dependsOn: ['a'] }] };
    await stack.submit({ goal: 'x', workflowId: 'origin', input: { n: 1 }, plan });
    await stack.ended('origin');
    const asked = vendor.requests.length;
    const forked = (await (await post('/api/v1/workflows/origin/fork', { fromStep: 'b', input: { n: 41 }, workflowId: 'forked' })).json()) as { workflowId: string };
    expect(forked.workflowId).toBe('forked');
    const workflow = await stack.ended('forked');
    expect(workflow).toMatchObject({ status: 'completed', result: { b: { value: 42 } }, forkedFrom: { workflowId: 'origin', fromStep: 'b' } });
    expect(vendor.requests).toHaveLength(asked);
    expect((await stepOf('forked', 'a')).reusedFrom).toBe('origin');
    expect((await stack.ended('origin')).result).toEqual({ b: { value: 2 } });
    const refused = await post('/api/v1/workflows/origin/fork', { fromStep: 'nope' });
    expect({ status: refused.status, detail: ((await refused.json()) as { detail: string }).detail }).toEqual({ status: 400, detail: 'The fork is not valid: /fromStep names the step nope, which the plan does not have; it has a, b.' });
  });

  it('the state at every event can be read back', async () => {
    const events = (await stack.get<{ items: Event[] }>('/api/v1/workflows/agent/events?limit=500')).items;
    const states = await Promise.all(events.map((event) => stack.get<StateAt>(`/api/v1/workflows/agent/state?at=${event.seq}`)));
    expect(states.map((state) => state.seq)).toEqual(events.map((event) => event.seq));
    expect(states[0]).toMatchObject({ workflow: { status: 'accepted', budget: { usedTokens: 0 } }, steps: [{ id: 'bot', status: 'pending' }] });
    const { waitingFor: _, budget, ...last } = await stack.get<Workflow>('/api/v1/workflows/agent');
    expect(states.at(-1)?.workflow).toMatchObject(last);
    expect(states.at(-1)?.workflow.budget.usedTokens).toBe(budget.usedTokens);
    expect((await fetch(`${stack.url}/api/v1/workflows/agent/state?at=999`)).status).toBe(400);
  });
});
