import type { Event, TraceSpan, Worker } from '@trivet/contracts';
import { itPerTier, startStack, until, type ServiceProcess, type Stack } from '@trivet/testing';

const SLOW = { id: 'slow', kind: 'tool', tool: 'code_javascript', input: { code: 'let sum = 0; for (let i = 0; i < 3e6; i++) sum += i; sum' } };
/** Five times what it should take while another worker is up. */
const SOON_MS = 5_000;

describe('a worker that dies or hangs under a call', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'], replicas: { executor: 2, orchestrator: 2 } });
    // A death is believed only on a connection that has been stable for three seconds.
    await new Promise((resolve) => setTimeout(resolve, 4_000));
  });
  afterAll(() => stack.stop());

  const eventsOf = async (id: string): Promise<Event[]> => (await stack.get<{ items: Event[] }>(`/api/v1/workflows/${id}/events`)).items;

  /** The spans in which the call was carried out, when there are so many, by epoch. */
  async function callSpans(id: string, count: number): Promise<TraceSpan[]> {
    let spans: TraceSpan[] = [];
    await until(async () => {
      const { items } = await stack.get<{ items: TraceSpan[] }>(`/api/v1/workflows/${id}/trace`);
      spans = items.filter(({ name }) => name === 'tool.call').toSorted((left, right) => Number(left.attributes['trivet.epoch']) - Number(right.attributes['trivet.epoch']));
      return spans.length >= count;
    }, 10_000, () => `${spans.length} spans of ${count}`);
    return spans;
  }

  /** Submits a slow call and waits until a worker holds it. */
  async function holderOf(id: string): Promise<ServiceProcess> {
    await stack.submit({ goal: 'x', workflowId: id, plan: { steps: [SLOW] } });
    let worker: string | null | undefined;
    await until(async () => {
      const [step] = await stack.steps(id);
      worker = step?.calls.at(-1)?.worker;
      return step?.status === 'running';
    }, 20_000);
    const { items } = await stack.get<{ items: Worker[] }>('/api/v1/workers');
    const pid = items.find((each) => each.id === worker)?.pid;
    const process = stack.processes('executor').find((each) => each.pid === pid);
    if (!process) throw new Error(`nobody runs as ${worker}`);
    return process;
  }

  const ofTwo = itPerTier('the process that dies or hangs there is the orchestrator too, and no other is there to notice');

  ofTwo('is noticed at once when it is killed, and another takes the call over without using up a retry', async () => {
    const holder = await holderOf('killed');
    holder.kill();
    await until(async () => (await eventsOf('killed')).some((event) => event.type === 'call.lost'), SOON_MS);
    expect(await stack.ended('killed')).toMatchObject({ status: 'completed' });
    const [step] = await stack.steps('killed');
    expect(step).toMatchObject({ attempts: 1, calls: [{ outcome: 'lost' }, { outcome: 'completed', attempt: 1 }] });
    expect(step?.calls[0]?.callId).toBe(step?.calls[1]?.callId);
    // The span of the dead process was never reported, and is named all the same.
    expect(await callSpans('killed', 1)).toMatchObject([{ attributes: { 'trivet.epoch': 2, 'trivet.redelivered': true }, links: [{ spanId: expect.stringMatching(/^[0-9a-f]{16}$/) }] }]);
  });

  ofTwo('is overtaken when it hangs, and what it says when it wakes up changes nothing', async () => {
    const holder = await holderOf('hung');
    holder.signal('SIGSTOP');
    try {
      expect(await stack.ended('hung', { withinMs: 60_000 })).toMatchObject({ status: 'completed' });
    } finally {
      holder.signal('SIGCONT');
    }
    const before = await stack.steps('hung');
    await until(async () => (await stack.get<{ items: Worker[] }>('/api/v1/workers')).items.filter((worker) => worker.service === 'executor').length === 2, 20_000);
    // The awakened worker ends its call; its answer is stale, or it is the very same and not noted twice.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    const [step] = await stack.steps('hung');
    expect(step?.output).toEqual(before[0]?.output);
    expect(step?.calls.filter((call) => call.outcome === 'completed')).toHaveLength(1);
    expect(step?.calls.filter((call) => call.outcome === 'lost')).toHaveLength(1);
    const events = await eventsOf('hung');
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    const [first, second] = await callSpans('hung', 2);
    expect(first?.links).toBeUndefined();
    expect(second?.links).toEqual([{ traceId: first?.traceId, spanId: first?.spanId }]);
  });
});
