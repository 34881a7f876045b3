import { connectBus, type Bus } from '@trivet/bus';
import { FailureError, type Tool, type TraceSpan } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const MANIFEST = {
  name: 'orders', version: '1.0.0', description: 'Adds up an order.',
  input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] },
  output: { type: 'object', properties: { total: { type: 'number' } }, required: ['total'] },
  limits: { timeoutMs: 20_000, memoryMib: 1, outputKib: 4, hostCalls: 0 },
  remote: 'tools.orders.find',
};

describe('a tool that a service of the team answers', () => {
  let stack: Stack;
  let bus: Bus;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'], replicas: { executor: 2 } });
    const form = new FormData();
    form.set('manifest', JSON.stringify(MANIFEST));
    const uploaded = await fetch(`${stack.url}/api/v1/tools/orders`, { method: 'PUT', body: form });
    if (uploaded.status !== 201) throw new Error(await uploaded.text());
    bus = await connectBus({ url: stack.servers.nats.url, name: 'orders' });
    // A death is believed only on a connection that has been stable for three seconds.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
  });
  afterAll(async () => {
    await bus.close();
    await stack.stop();
  });

  const serve = (handle: (message: { body: unknown; header: (name: string) => string | undefined }) => Promise<unknown>): { stop: () => void } =>
    bus.respond({ name: 'orders', id: 'orders-1', version: '1.0.0', description: 'The orders of the team', endpoints: [{ name: 'find', subject: 'tools.orders.find', handle }] });
  const order = (id: string) => ({ goal: 'x', workflowId: id, plan: { steps: [{ id: 'order', kind: 'tool', tool: 'orders', input: { id: 'o1' } }] } });

  it('is in the catalog, is called under the workflow and its trace, and its answer is the result of the step', async () => {
    expect(await stack.get<Tool>('/api/v1/tools/orders')).toMatchObject({ remote: 'tools.orders.find', bundled: false });
    const asked: unknown[] = [];
    const service = serve(async ({ body, header }) => {
      asked.push([body, header('X-Workflow-ID'), header('X-Trivet-Tenant'), header('traceparent')?.slice(3, 35)]);
      return { total: 42 };
    });
    await stack.submit(order('answered'));
    expect(await stack.ended('answered')).toMatchObject({ status: 'completed', result: { order: { total: 42 } } });
    service.stop();
    await until(async () => (await stack.get<{ items: TraceSpan[] }>('/api/v1/workflows/answered/trace')).items.some((span) => span.name === 'tool.call'), 10_000);
    const { items } = await stack.get<{ items: TraceSpan[] }>('/api/v1/workflows/answered/trace');
    expect(asked).toEqual([[{ id: 'o1' }, 'answered', 'default', items[0]?.traceId]]);
  });

  it('fails its step with what the service says', async () => {
    const service = serve(async () => {
      throw new FailureError('not_found', 'There is no order o1.');
    });
    await stack.submit(order('refused'));
    expect(await stack.ended('refused')).toMatchObject({ status: 'failed', failure: { code: 'tool_failed', message: 'The service of tool orders on tools.orders.find answered with error 404: There is no order o1.' } });
    service.stop();
  });

  it('is asked again under the same id when its executor is killed meanwhile, and its answer is taken once', async () => {
    const ids: (string | undefined)[] = [];
    let holds = true;
    const service = serve(async ({ header }) => {
      ids.push(header('Nats-Msg-Id'));
      await until(() => !holds, 20_000);
      return { total: ids.length };
    });
    await stack.submit(order('killed'));
    await until(() => ids.length === 1, 10_000);
    const [step] = await stack.steps('killed');
    const { items } = await stack.get<{ items: { id: string; pid: number }[] }>('/api/v1/workers');
    const holder = stack.processes('executor').find(({ pid }) => pid === items.find(({ id }) => id === step?.calls.at(-1)?.worker)?.pid);
    holder?.kill();
    await until(() => ids.length === 2, 15_000);
    holds = false;
    expect(await stack.ended('killed')).toMatchObject({ status: 'completed', result: { order: { total: 2 } } });
    expect(ids[1]).toBe(ids[0]);
    expect((await stack.steps('killed'))[0]?.calls.map(({ outcome }) => outcome)).toEqual(['lost', 'completed']);
    service.stop();
  });

  it('fails as unavailable when nobody listens, which a retry policy waits out', async () => {
    await stack.submit(order('alone'));
    expect(await stack.ended('alone')).toMatchObject({ status: 'failed', failure: { code: 'unavailable', message: expect.stringContaining('Nobody answers on tools.orders.find') } });
    await stack.submit({ goal: 'x', workflowId: 'patient', plan: { steps: [{ id: 'order', kind: 'tool', tool: 'orders', input: { id: 'o1' }, retry: { max: 20, initialMs: 200, factor: 1 } }] } });
    await until(async () => (await stack.steps('patient'))[0]?.calls.some(({ outcome }) => outcome === 'failed') === true, 10_000);
    const service = serve(async () => ({ total: 7 }));
    expect(await stack.ended('patient')).toMatchObject({ status: 'completed', result: { order: { total: 7 } } });
    service.stop();
  });

  it('is refused to another tenant, at the door and in a plan, until the operator lets its subject answer', async () => {
    const put = (path: string, body: FormData | string, tenant?: string): Promise<Response> => fetch(`${stack.url}${path}`, { method: 'PUT', body, headers: { ...(typeof body === 'string' ? { 'Content-Type': 'application/json' } : {}), ...(tenant ? { 'X-Trivet-Tenant': tenant } : {}) } });
    const form = new FormData();
    form.set('manifest', JSON.stringify(MANIFEST));
    const refused = await put('/api/v1/tools/orders', form, 'guest');
    expect([refused.status, await refused.json()]).toEqual([400, expect.objectContaining({ code: 'tool_refused', errors: [{ pointer: '/manifest/remote', detail: expect.stringContaining('is tools.orders.find, which the policy of tenant guest does not allow') }] })]);
    expect((await put('/api/v1/policies/guest', JSON.stringify({ tools: { remote: ['tools.orders.>'] } }))).status).toBe(200);
    expect((await put('/api/v1/tools/orders', form, 'guest')).status).toBe(201);
    const service = serve(async ({ header }) => ({ total: header('X-Trivet-Tenant') === 'guest' ? 1 : 0 }));
    await stack.submit(order('let'), { tenant: 'guest' });
    expect(await stack.ended('let', { tenant: 'guest' })).toMatchObject({ status: 'completed', result: { order: { total: 1 } } });
    service.stop();
    expect((await put('/api/v1/policies/guest', JSON.stringify({ tools: { remote: [] } }))).status).toBe(200);
    const withdrawn = await stack.submit(order('withdrawn'), { tenant: 'guest' });
    expect([withdrawn.status, await withdrawn.json()]).toEqual([400, expect.objectContaining({ code: 'plan_invalid', errors: [{ pointer: '/plan/steps/0/tool', detail: expect.stringContaining('names the tool orders, which the policy of tenant guest does not let tools.orders.find answer') }] })]);
  });
});
