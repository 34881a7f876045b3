import { spawnSync } from 'node:child_process';
import { connectBus, type Bus } from '@trivet/bus';
import type { Account, AuditRow, Event, Schedule, Step, Tool, UsageRow, Workflow } from '@trivet/contracts';
import { startScriptedVendor, startStack, until, type ScriptedVendor, type Stack } from '@trivet/testing';

/** A model answer, then a wait that is still open when the data is lost, then a tool. */
const plan = (ms: number) => ({
  steps: [
    { id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'hello' }], maxTokens: 50 } },
    { id: 'nap', kind: 'wait', input: { ms }, dependsOn: ['ask'] },
    { id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' }, dependsOn: ['nap'] },
  ],
});

describe('when Redis has lost its data', () => {
  let vendor: ScriptedVendor;
  let stack: Stack;
  let bus: Bus;
  beforeEach(async () => {
    vendor = await startScriptedVendor(() => ({ text: 'hi there' }));
    stack = await startStack({ replicas: { orchestrator: 2 }, environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none' } });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
  });
  afterEach(async () => {
    await bus.close();
    await stack.stop();
    await vendor.stop();
  });

  const total = async (account: string): Promise<Account['windows'][number] | undefined> => (await stack.get<Account>(`/api/v1/budgets/${account}`)).windows.find((window) => window.window === 'total');
  const events = async (id: string): Promise<Event[]> => (await stack.get<{ items: Event[] }>(`/api/v1/workflows/${id}/events?limit=500`)).items;
  const send = (method: string, path: string, body: object): Promise<Response> => fetch(`${stack.url}${path}`, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const statusOf = async (id: string): Promise<string> => (await stack.get<Workflow>(`/api/v1/workflows/${id}`)).status;
  /** All events of these workflows are in the journal. */
  const journaled = (ids: readonly string[]): Promise<void> => until(async () => {
    for (const id of ids) if ((await bus.countOf('EVENTS', `trivet.v1.event.default.${id}.>`)) < (await events(id)).length) return false;
    return true;
  }, 20_000);

  async function prepare(): Promise<{ before: Map<string, Event[]>; asked: number }> {
    await send('PUT', '/api/v1/budgets/user/ann', { windows: [{ window: 'total', limitTokens: 100_000 }] });
    await send('PUT', '/api/v1/policies/default', { keys: [{ key: 'k', maxRunning: 3 }] });
    await send('POST', '/api/v1/schedules', { id: 'yearly', cron: '0 0 1 1 *', task: { goal: 'x', plan: plan(1) } });
    for (let index = 0; index < 6; index += 1) await stack.submit({ goal: 'x', workflowId: `open-${index}`, user: 'ann', plan: plan(8_000) });
    for (let index = 0; index < 6; index += 1) await stack.submit({ goal: 'x', workflowId: `done-${index}`, user: 'ann', plan: plan(1) });
    const ids = Array.from({ length: 6 }, (_, index) => [`open-${index}`, `done-${index}`]).flat();
    for (let index = 0; index < 6; index += 1) await stack.ended(`done-${index}`);
    await until(async () => (await Promise.all([0, 1, 2, 3, 4, 5].map((index) => statusOf(`open-${index}`)))).every((status) => status === 'waiting'), 20_000, () => stack.logs());
    await journaled(ids);
    return { before: new Map(await Promise.all(ids.map(async (id): Promise<[string, Event[]]> => [id, await events(id)]))), asked: vendor.requests.length };
  }

  async function expectAllBack({ before, asked }: { before: Map<string, Event[]>; asked: number }): Promise<void> {
    await until(async () => (await stack.get<{ items: Workflow[] }>('/api/v1/workflows?limit=200')).items.length >= 12, 40_000, () => stack.logs());
    for (const [id, known] of before) expect((await events(id)).slice(0, known.length)).toEqual(known);
    for (let index = 0; index < 6; index += 1) expect(await stack.ended(`open-${index}`)).toMatchObject({ status: 'completed', result: { sum: { value: 42 } } });
    // No journaled step ran again.
    expect(vendor.requests).toHaveLength(asked);
    for (const id of before.keys()) {
      const steps = await stack.steps(id);
      expect(steps.map((step: Step) => step.calls.filter((call) => call.outcome === 'completed').length)).toEqual([1, 1, 1]);
    }
    expect(await total('user/ann')).toMatchObject({ usedTokens: 12 * 15, heldTokens: 0, limitTokens: 100_000 });
    expect(await total('tenant/default')).toMatchObject({ usedTokens: 12 * 15, heldTokens: 0 });
    const { items: usage } = await stack.get<{ items: UsageRow[] }>('/api/v1/usage?by=user');
    expect(usage.find(({ key }) => key === 'ann')).toMatchObject({ calls: 12 });
    expect(usage.reduce((sum, { inputTokens, outputTokens }) => sum + inputTokens + outputTokens, 0)).toBe(12 * 15);
    expect((await stack.get<{ keys: object[] }>('/api/v1/policies/default')).keys).toEqual([{ key: 'k', maxRunning: 3 }]);
    expect((await stack.get<Schedule>('/api/v1/schedules/yearly')).cron).toBe('0 0 1 1 *');
    await until(async () => (await stack.get<{ items: Tool[] }>('/api/v1/tools')).items.length > 5, 20_000);
    expect(await stack.get('/api/v1/audit/verify')).toMatchObject({ brokenAt: null });
    expect((await stack.get<{ items: AuditRow[] }>('/api/v1/audit?limit=200')).items.filter((row) => row.action === 'task.submit').length).toBeGreaterThanOrEqual(12);
    const again = await stack.submit({ goal: 'x', workflowId: 'done-0', user: 'ann', plan: plan(1) });
    expect(await again.json()).toMatchObject({ duplicate: true });
    await stack.submit({ goal: 'x', workflowId: 'after', plan: plan(1) });
    expect((await stack.ended('after')).status).toBe('completed');
  }

  it('a task that is sent in that moment waits until the tools are back, and none is told that its plan is wrong', async () => {
    await stack.submit({ goal: 'x', workflowId: 'before', plan: plan(1) });
    await stack.ended('before');
    await stack.servers.redis.wipe();
    const sum = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } }] };
    const answers: number[] = [];
    for (let index = 0; index < 20; index += 1) {
      await bus.publish('trivet.v1.task.submit.default', { goal: 'x', workflowId: `bus-${index}`, plan: sum }, {});
      answers.push((await stack.submit({ goal: 'x', workflowId: `http-${index}`, plan: sum })).status);
    }
    for (let index = 0; index < 20; index += 1) expect(await stack.ended(`bus-${index}`)).toMatchObject({ status: 'completed', result: { sum: { value: 42 } } });
    expect(answers.filter((status) => status !== 202 && status !== 503)).toEqual([]);
  });

  it('because it was started with an empty folder, everything comes back from the journal and goes on', async () => {
    const known = await prepare();
    await stack.servers.redis.wipe();
    await expectAllBack(known);
  });

  it('because it was emptied while it ran, the same', async () => {
    const known = await prepare();
    spawnSync('redis-cli', ['-p', String(stack.servers.redis.port), 'flushall']);
    await expectAllBack(known);
  });

  it('because it was put back to an older copy, what is newer comes back', async () => {
    await stack.submit({ goal: 'x', workflowId: 'old', plan: { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '1' } }] } });
    await stack.ended('old');
    await stack.servers.redis.keepCopy();
    const known = await prepare();
    await stack.servers.redis.goBack();
    await expectAllBack(known);
    expect(await statusOf('old')).toBe('completed');

    // No workflow is newer than this copy, but a limit is.
    await stack.servers.redis.keepCopy();
    await send('PUT', '/api/v1/budgets/user/ann', { windows: [{ window: 'total', limitTokens: 90_000 }] });
    expect(await total('user/ann')).toMatchObject({ limitTokens: 90_000 });
    await stack.servers.redis.goBack();
    await until(async () => (await fetch(`${stack.url}/readyz`)).ok, 30_000);
    await until(async () => (await total('user/ann'))?.limitTokens === 90_000, 15_000, () => 'the limit that was set after the copy did not come back');
  });

  it('and an orchestrator dies while it restores, another does it', async () => {
    const known = await prepare();
    await stack.servers.redis.wipe();
    for (const process of stack.processes('orchestrator')) process.kill();
    await expectAllBack(known);
  });
});

describe('when JetStream has lost its data', () => {
  let stack: Stack;
  let bus: Bus;
  beforeEach(async () => {
    stack = await startStack({ replicas: { orchestrator: 2 } });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
  });
  afterEach(async () => {
    await bus.close();
    await stack.stop();
  });

  const chain = { steps: [1, 2, 3, 4].map((n) => ({ id: `s${n}`, kind: 'tool', tool: 'calculator', input: { expression: '1' }, ...(n > 1 ? { dependsOn: [`s${n - 1}`] } : {}) })) };
  const submitAll = async (name: string, count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, (_, index) => `${name}-${index}`);
    for (const workflowId of ids) await stack.submit({ goal: 'x', workflowId, plan: chain });
    return ids;
  };
  const allCompleted = async (ids: readonly string[]): Promise<void> => {
    for (const id of ids) expect(await stack.ended(id, { withinMs: 90_000 })).toMatchObject({ status: 'completed', failure: null });
  };
  const allJournaled = (ids: readonly string[]): Promise<void> => until(async () => {
    for (const id of ids) {
      const length = (await stack.get<{ items: Event[] }>(`/api/v1/workflows/${id}/events?limit=500`)).items.length;
      if ((await bus.countOf('EVENTS', `trivet.v1.event.default.${id}.>`)) !== length) return false;
    }
    return true;
  }, 60_000, () => stack.logs());

  it('all in-flight work goes on, and the journal is filled again', async () => {
    const ids = await submitAll('lost', 30);
    await stack.servers.nats.wipe();
    await allCompleted(ids);
    await allJournaled(ids);
  });

  it('limits, schedules, policies and files go there again, and come back from there when Redis is lost too', async () => {
    const put = async (method: string, path: string, body: object): Promise<void> => expect((await fetch(`${stack.url}${path}`, { method, headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) })).ok).toBe(true);
    await put('PUT', '/api/v1/budgets/user/ann', { windows: [{ window: 'total', limitTokens: 5_000 }] });
    await put('POST', '/api/v1/schedules', { id: 'yearly', cron: '0 0 1 1 *', task: { goal: 'x', plan: chain } });
    await put('PUT', '/api/v1/policies/default', { keys: [{ key: 'k', maxRunning: 3 }] });
    const form = new FormData();
    form.append('file', new Blob(['kept']), 'kept.txt');
    expect((await fetch(`${stack.url}/api/v1/files`, { method: 'POST', body: form })).status).toBe(201);
    const [one] = await submitAll('one', 1);
    await allCompleted([one ?? '']);
    await stack.servers.nats.wipe();
    await allJournaled([one ?? '']);
    // The facts go right after the workflows.
    await until(async () => (await bus.countOf('EVENTS', 'trivet.v1.event.default._facts.>')) >= 5, 30_000, () => stack.logs());
    await stack.servers.redis.wipe();
    await until(async () => (await stack.get<{ items: unknown[] }>('/api/v1/files')).items.length === 1, 40_000, () => stack.logs());
    expect((await stack.get<Account>('/api/v1/budgets/user/ann')).windows.find((window) => window.window === 'total')?.limitTokens).toBe(5_000);
    expect((await stack.get<{ items: Schedule[] }>('/api/v1/schedules')).items.map((schedule) => schedule.id)).toEqual(['yearly']);
    expect(await stack.get('/api/v1/policies/default')).toMatchObject({ keys: [{ key: 'k', maxRunning: 3 }] });
  });

  it('because it went back to an older copy, what is missing between that and what came later is filled in', async () => {
    const before = await submitAll('before', 5);
    await allCompleted(before);
    await allJournaled(before);
    await stack.servers.nats.keepCopy();
    const between = await submitAll('between', 5);
    await allCompleted(between);
    await allJournaled(between);
    await stack.servers.nats.goBack();
    // More than was lost: the stream has grown past its old end before anybody looks at its length.
    const after = await submitAll('after', 20);
    await allCompleted(after);
    await allJournaled([...before, ...between, ...after]);
  });
});

describe('with a strict journal', () => {
  it('nothing that was answered is missing after Redis lost everything, however soon', async () => {
    const stack = await startStack({ replicas: { orchestrator: 2 }, environment: { TRIVET_STRICT_JOURNAL: '1' } });
    try {
      const two = { steps: [{ id: 'a', kind: 'tool', tool: 'calculator', input: { expression: '1' } }, { id: 'b', kind: 'wait', input: { ms: 4_000 }, dependsOn: ['a'] }] };
      const ids = Array.from({ length: 20 }, (_, index) => `strict-${index}`);
      const answers = await Promise.all(ids.map((workflowId) => stack.submit({ goal: 'x', workflowId, plan: two })));
      await stack.servers.redis.wipe();
      expect(answers.map((answer) => answer.status)).toEqual(ids.map(() => 202));
      for (const id of ids) expect((await stack.ended(id, { withinMs: 60_000 })).status).toBe('completed');
    } finally {
      await stack.stop();
    }
  });
});

describe('a finished workflow that has left Redis', () => {
  it('is read from the journal, with its steps, events and state at each of them', async () => {
    const stack = await startStack({ environment: { TRIVET_KEEP_FINISHED_MS: '10000' } });
    try {
      await stack.submit({ goal: 'old', workflowId: 'archived', plan: { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } }] } });
      const before = await stack.ended('archived');
      const path = '/api/v1/workflows/archived';
      const [steps, events] = [await stack.steps('archived'), await stack.get(`${path}/events`)];
      await until(async () => (await stack.get<{ items: Workflow[] }>('/api/v1/workflows')).items.length === 0, 30_000);
      expect(await stack.get<Workflow>(path)).toEqual(before);
      expect(await stack.steps('archived')).toEqual(steps);
      expect(await stack.get(`${path}/events`)).toEqual(events);
      expect((await stack.get<{ items: { traceId: string }[] }>(`${path}/trace`)).items[0]?.traceId).toBe(before.traceId);
      expect(await stack.get(`${path}/state?at=1`)).toMatchObject({ workflow: { status: 'accepted' } });
      const again = await stack.submit({ goal: 'old', workflowId: 'archived', plan: { steps: [] } });
      expect(again.status).toBeGreaterThanOrEqual(400);
    } finally {
      await stack.stop();
    }
  });
});
