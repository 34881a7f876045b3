import { connect } from 'node:net';
import { connectBus, type Bus } from '@trivet/bus';
import { ROUTES, type TaskAccepted, type TraceSpan, type Workflow } from '@trivet/contracts';
import { runTrivet, startStack, until, type Stack } from '@trivet/testing';

const PLAN = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } }] };
const task = (workflowId: string, goal = 'add') => ({ goal, workflowId, plan: PLAN });

describe('the doors', () => {
  let stack: Stack;
  let bus: Bus;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
  });
  afterAll(async () => {
    await bus.close();
    await stack.stop();
  });

  it('give the same workflow for the same id, whichever of the four is used', async () => {
    const overHttp = await stack.submit(task('same'));
    expect(overHttp.status).toBe(202);
    expect(overHttp.headers.get('x-workflow-id')).toBe('same');
    expect(overHttp.headers.get('location')).toBe('/api/v1/workflows/same');
    expect(await overHttp.json()).toMatchObject({ workflowId: 'same', duplicate: false });

    const overRpc = await bus.request('trivet.v1.rpc.task.submit', task('same'));
    expect(overRpc).toMatchObject({ errorCode: null, body: { workflowId: 'same', duplicate: true } });

    await publishRaw(stack.servers.nats.port, 'trivet.v1.task.submit.default', JSON.stringify(task('same')));
    await publishRaw(stack.servers.nats.port, 'trivet.v1.task.submit.default', JSON.stringify(task('marker')));
    await stack.ended('marker');

    const cli = await runTrivet(['run', 'add', '--url', stack.url, '--id', 'same', '--plan', JSON.stringify(PLAN), '-o', 'json']);
    expect({ status: cli.status, stderr: cli.status === 0 ? '' : cli.stderr }).toEqual({ status: 0, stderr: '' });

    const { items } = await stack.get<{ items: Workflow[] }>('/api/v1/workflows?q=same');
    expect(items.map((workflow) => workflow.workflowId)).toEqual(['same']);
    expect(await stack.ended('same')).toMatchObject({ status: 'completed', result: { sum: { value: 42 } } });
  });

  it('tell a submitter that an id is taken by another body', async () => {
    await stack.submit(task('taken'));
    const again = await stack.submit(task('taken', 'something else'));
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: 'workflow_conflict', workflowId: 'taken' });
    const overRpc = await bus.request('trivet.v1.rpc.task.submit', task('taken', 'something else'));
    expect(overRpc.errorCode).toBe(409);
  });

  it('give one workflow for one Idempotency-Key', async () => {
    const send = () => fetch(`${stack.url}/api/v1/tasks`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'Idempotency-Key': 'order 4711' }, body: JSON.stringify({ goal: 'x', plan: PLAN }) });
    const [first, second] = [await send(), await send()];
    const accepted = (await first.json()) as TaskAccepted;
    expect(await second.json()).toMatchObject({ workflowId: accepted.workflowId, duplicate: true });
    expect(second.headers.get('idempotent-replayed')).toBe('true');
  });

  it('answer with the whole workflow when asked to wait', async () => {
    const response = await stack.submit({ goal: 'x', plan: PLAN }, { query: '?wait=20s' });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ status: 'completed', steps: { done: 1, total: 1 } });
  });

  it('keep tenants apart', async () => {
    await stack.submit(task('theirs'), { tenant: 'acme' });
    await stack.ended('theirs', { tenant: 'acme' });
    for (const path of ['', '/steps', '/events', '/trace', '/stream']) {
      expect((await fetch(`${stack.url}/api/v1/workflows/theirs${path}`)).status).toBe(404);
    }
    expect((await fetch(`${stack.url}/api/v1/workflows/theirs/cancel`, { method: 'POST' })).status).toBe(404);
    expect((await bus.request('trivet.v1.rpc.workflow.get', { workflowId: 'theirs' })).errorCode).toBe(404);
    expect((await bus.request('trivet.v1.rpc.workflow.get.acme', { workflowId: 'theirs' })).errorCode).toBeNull();
    expect((await fetch(`${stack.url}/api/v1/budgets/tenant/acme`)).status).toBe(404);
    const listed = await stack.get<{ items: Workflow[] }>('/api/v1/workflows?q=theirs');
    expect(listed.items).toEqual([]);
  });

  it('stream every event once, in order, also after a reconnect', async () => {
    await stack.submit(task('streamed'));
    await stack.ended('streamed');
    const all = idsOf(await (await fetch(`${stack.url}/api/v1/workflows/streamed/stream`)).text());
    expect(all).toEqual([1, 2, 3, 4, 5]);
    const rest = idsOf(await (await fetch(`${stack.url}/api/v1/workflows/streamed/stream`, { headers: { 'Last-Event-ID': '3' } })).text());
    expect(rest).toEqual([4, 5]);
  });

  it('take what was published while no orchestrator was up, and again when it dies over it, as one trace', async () => {
    const orchestrators = stack.processes('orchestrator');
    for (const orchestrator of orchestrators) {
      orchestrator.signal('SIGSTOP');
      orchestrator.crashNext('orchestrator.after-accept');
    }
    await publishRaw(stack.servers.nats.port, 'trivet.v1.task.submit.default', JSON.stringify(task('while-away')));
    for (const orchestrator of orchestrators) orchestrator.kill();
    expect(await stack.ended('while-away')).toMatchObject({ status: 'completed' });
    let again: TraceSpan | undefined;
    await until(async () => {
      again = (await stack.get<{ items: TraceSpan[] }>('/api/v1/workflows/while-away/trace')).items.find(({ name, attributes }) => name === 'task.submit' && attributes['trivet.redelivered'] === true);
      return again !== undefined;
    }, 20_000, () => stack.logs());
    // The span of the dead process was never reported, and is named all the same.
    expect(again?.links).toEqual([{ traceId: again?.traceId, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) }]);
  });

  it('serve every route of the contract, and describe themselves', async () => {
    for (const route of ROUTES.filter((each) => each.method === 'GET' && !each.path.includes('{'))) {
      const response = await fetch(`${stack.url}${route.path}`);
      // A stream has no end to wait for.
      await response.body?.cancel();
      expect({ path: route.path, status: response.status }).toEqual({ path: route.path, status: 200 });
    }
    const openapi = (await (await fetch(`${stack.url}/openapi.json`)).json()) as { paths: object; openapi: string };
    expect(Object.keys(openapi.paths)).toEqual([...new Set(ROUTES.map((route) => route.path))]);
    expect(await bus.request('trivet.v1.rpc.schema.get', { name: 'TaskSubmit' })).toMatchObject({ errorCode: null, body: { properties: { goal: {} } } });
    expect((await bus.request('trivet.v1.rpc.schema.get', { name: 'Nothing' })).errorCode).toBe(404);
  });

  it('greet with the dashboard, which runs no script but its own', async () => {
    const page = await fetch(`${stack.url}/`);
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'; style-src 'self'");
    const script = /<script type="module"[^>]* src="(\/assets\/[^"]+)"/.exec(await page.text())?.[1] ?? 'none';
    const loaded = await fetch(stack.url + script, { headers: { 'Accept-Encoding': 'gzip' } });
    expect([loaded.status, loaded.headers.get('content-encoding'), loaded.headers.get('cache-control')]).toEqual([200, 'gzip', 'public, max-age=31536000, immutable']);
    expect(Number(loaded.headers.get('content-length'))).toBeLessThan(130 * 1024);
    expect((await fetch(`${stack.url}/workflows/any-id`)).headers.get('content-type')).toContain('text/html');
    expect((await fetch(`${stack.url}/no-such-page`)).status).toBe(404);
  });

  it('let a workflow be cancelled once', async () => {
    await stack.submit({ goal: 'x', workflowId: 'stopped', plan: { steps: [{ id: 'slow', kind: 'tool', tool: 'code_javascript', input: { code: 'for(;;){}', timeoutMs: 9_000 } }] } });
    const cancelled = await fetch(`${stack.url}/api/v1/workflows/stopped/cancel`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"reason":"enough"}' });
    expect(cancelled.status).toBe(202);
    expect(await cancelled.json()).toMatchObject({ status: 'cancelled' });
    const again = await fetch(`${stack.url}/api/v1/workflows/stopped/cancel`, { method: 'POST' });
    expect(again.status).toBe(409);
    await until(async () => (await stack.get<{ items: { service: string; inFlight: number }[] }>('/api/v1/workers')).items.every((worker) => worker.inFlight === 0 || worker.service === 'orchestrator'), 10_000);
  });
});

const idsOf = (text: string): number[] => [...text.matchAll(/^id: (\d+)$/gm)].map((match) => Number(match[1]));

/** Any NATS client can publish: here one of ten lines, straight on the protocol. */
function publishRaw(port: number, subject: string, body: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(`CONNECT {"verbose":false}\r\nPUB ${subject} ${Buffer.byteLength(body)}\r\n${body}\r\nPING\r\n`);
    });
    socket.on('error', reject);
    socket.on('data', (data) => {
      if (!data.toString().includes('PONG')) return;
      socket.end();
      resolve();
    });
  });
}
