import { startStack, until, type Stack } from '@trivet/testing';

const WORDS = { kind: 'tool', tool: 'text_stats', input: { text: 'one two three' } };
const chain = Array.from({ length: 6 }, (_, index) => ({ id: `s${index}`, ...WORDS, ...(index > 0 ? { dependsOn: [`s${index - 1}`] } : {}) }));

describe('when a broker is lost', () => {
  let stack: Stack;
  beforeEach(async () => {
    stack = await startStack({ without: ['model'], replicas: { executor: 2 } });
  });
  afterEach(() => stack.stop());

  const submitMany = async (prefix: string, count: number): Promise<string[]> => {
    const ids = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    await Promise.all(ids.map((workflowId) => stack.submit({ goal: 'x', workflowId, plan: { steps: chain } })));
    return ids;
  };

  it('with everything JetStream held, all work in flight is done all the same, and nothing is taken for poisoned', async () => {
    const ids = await submitMany('wiped', 40);
    await until(async () => (await stack.steps(ids[0] ?? '')).some((step) => step.status === 'completed'), 20_000);
    await stack.servers.nats.wipe();
    for (const id of ids) expect(await stack.ended(id)).toMatchObject({ status: 'completed' });
    for (const id of ids) for (const step of await stack.steps(id)) expect(step.calls.filter((call) => call.outcome === 'completed')).toHaveLength(1);
  });

  it('Redis away for longer than a presence lives is not the death of its workers', async () => {
    const ids = await submitMany('paused', 20);
    await until(async () => (await stack.steps(ids[0] ?? '')).some((step) => step.status === 'completed'), 20_000);
    const before = stack.processes('executor').map((each) => each.pid);
    await stack.servers.redis.kill();
    await new Promise((resolve) => setTimeout(resolve, 7_000));
    await stack.servers.redis.restart();
    for (const id of ids) expect(await stack.ended(id)).toMatchObject({ status: 'completed' });
    expect(stack.processes('executor').map((each) => each.pid)).toEqual(before);
    const lost = await Promise.all(ids.map(async (id) => (await stack.steps(id)).flatMap((step) => step.calls).filter((call) => call.outcome === 'lost')));
    expect(lost.flat()).toEqual([]);
  });
});
