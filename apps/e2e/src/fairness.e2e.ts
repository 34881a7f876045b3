import { connectBus, type Bus } from '@trivet/bus';
import type { KeyQueue, Step, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const sum = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '1 + 1' } }] };
const nap = (ms: number) => ({ steps: [{ id: 'nap', kind: 'wait', input: { ms } }] });
const FLOOD = 1_500;

describe('fairness', () => {
  let stack: Stack;
  let bus: Bus;
  beforeAll(async () => {
    stack = await startStack({ replicas: { orchestrator: 2, executor: 2 } });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
  });
  afterAll(async () => {
    await bus.close();
    await stack.stop();
  });

  const put = (tenant: string, body: object): Promise<Response> => fetch(`${stack.url}/api/v1/policies/${tenant}`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  const keys = async (): Promise<KeyQueue[]> => (await stack.get<{ items: KeyQueue[] }>('/api/v1/queues/keys')).items;
  const at = (text: string | null): number => Date.parse(text ?? '');

  /** The most workflows that ran at one moment. */
  function mostAtOnce(workflows: readonly Workflow[]): number {
    return Math.max(...workflows.map((each) => workflows.filter((other) => at(other.startedAt) <= at(each.startedAt) && at(each.startedAt) < at(other.finishedAt)).length));
  }

  it('workflows of one key run one at a time, in the order in which they came, and others do not wait for them', async () => {
    const ids = Array.from({ length: 5 }, (_, index) => `line-${index}`);
    for (const workflowId of ids) await stack.submit({ goal: 'x', workflowId, concurrencyKey: 'import', plan: nap(1_000) });
    await stack.submit({ goal: 'x', workflowId: 'free', plan: sum });
    expect((await stack.ended('free')).status).toBe('completed');
    const waiting = await stack.get<Workflow>('/api/v1/workflows/line-4');
    expect(waiting).toMatchObject({ status: 'accepted', waitingFor: expect.stringMatching(/^Queued \d+ s: key import has 1 of 1 running, and \d in line\.$/) });
    expect((await keys()).find((each) => each.key === 'import')).toMatchObject({ running: 1, maxRunning: 1, queued: expect.any(Number) });
    const ended = await Promise.all(ids.map((id) => stack.ended(id)));
    expect(mostAtOnce(ended)).toBe(1);
    expect(ended.map((each) => at(each.startedAt))).toEqual(ended.map((each) => at(each.startedAt)).sort((left, right) => left - right));
    await until(async () => !(await keys()).some((each) => each.key === 'import'), 10_000);
  });

  it('a policy says how many of a key run at once, while orchestrators are killed', async () => {
    expect((await put('default', { keys: [{ key: 'pair', maxRunning: 2 }] })).status).toBe(200);
    const ids = Array.from({ length: 12 }, (_, index) => `pair-${index}`);
    await Promise.all(ids.map((workflowId) => stack.submit({ goal: 'x', workflowId, concurrencyKey: 'pair', plan: nap(150) })));
    await Promise.all(stack.processes('orchestrator').map((orchestrator) => orchestrator.crash()));
    const ended = await Promise.all(ids.map((id) => stack.ended(id)));
    expect(ended.every((each) => each.status === 'completed')).toBe(true);
    expect(mostAtOnce(ended)).toBeLessThanOrEqual(2);
    await until(async () => !(await keys()).some((each) => each.key === 'pair'), 20_000, () => stack.logs());
  });

  it('a rate holds', async () => {
    await put('default', { keys: [{ key: 'slow', maxRunning: 100, rate: { starts: 3, perMs: 1_500 } }] });
    const ids = Array.from({ length: 7 }, (_, index) => `slow-${index}`);
    await Promise.all(ids.map((workflowId) => stack.submit({ goal: 'x', workflowId, concurrencyKey: 'slow', plan: sum })));
    const starts = (await Promise.all(ids.map((id) => stack.ended(id)))).map((each) => at(each.startedAt)).sort((left, right) => left - right);
    for (let index = 3; index < starts.length; index += 1) expect((starts[index] ?? 0) - (starts[index - 3] ?? 0)).toBeGreaterThanOrEqual(1_400);
  });

  it('a tenant with many queued tasks hardly delays another', async () => {
    const startLatency = async (prefix: string, count: number): Promise<number[]> => {
      const took: number[] = [];
      for (let index = 0; index < count; index += 1) {
        const workflowId = `${prefix}-${index}`;
        await stack.submit({ goal: 'x', workflowId, plan: sum }, { tenant: 'small' });
        const workflow = await stack.ended(workflowId, { tenant: 'small' });
        const [step] = (await stack.get<{ items: Step[] }>(`/api/v1/workflows/${workflowId}/steps`, { tenant: 'small' })).items;
        took.push(at(step?.calls[0]?.startedAt ?? null) - at(workflow.createdAt));
      }
      return took.sort((left, right) => left - right);
    };
    const idle = await startLatency('idle', 30);
    await Promise.all(Array.from({ length: 16 }, async (_, lane) => {
      for (let index = lane; index < FLOOD; index += 16) await bus.request('trivet.v1.rpc.task.submit.large', { goal: 'x', workflowId: `flood-${index}`, plan: { steps: [0, 1, 2, 3].map((n) => ({ id: `s${n}`, kind: 'tool', tool: 'calculator', input: { expression: '1' } })) } });
    }));
    const busy = await startLatency('busy', 30);
    const figures = (values: number[]): string => `p50 ${values[15]} ms, max ${values.at(-1)} ms`;
    console.log(`start latency of a small tenant: idle ${figures(idle)}; beside a large one ${figures(busy)}`);
    // Its own line, not the end of one with thousands of calls.
    expect(busy[15]).toBeLessThan(2_000);
  });

  it('bad policies are refused, and a tenant sets only its own', async () => {
    const refused = await put('default', { keys: [{ key: '', maxRunning: 0 }] });
    expect(refused.status).toBe(400);
    expect(((await refused.json()) as { errors: { pointer: string }[] }).errors.map((each) => each.pointer)).toEqual(['/keys/0/key', '/keys/0/maxRunning']);
    const foreign = await fetch(`${stack.url}/api/v1/policies/default`, { headers: { 'X-Trivet-Tenant': 'small' } });
    expect(foreign.status).toBe(404);
  });
});
