import type { Account, Schedule, Workflow } from '@trivet/contracts';
import { createClient, type Client } from '@trivet/client';
import { startStack, until, type Stack } from '@trivet/testing';

const plan = { steps: [{ id: 'sum', kind: 'tool' as const, tool: 'calculator', input: { expression: '1 + 1' } }] };
const task = { goal: 'tick', plan };

describe('schedules on three orchestrators', () => {
  let stack: Stack;
  let client: Client;
  beforeAll(async () => {
    stack = await startStack({ replicas: { orchestrator: 3 } });
    client = createClient({ url: stack.url });
  });
  afterAll(() => stack.stop());

  const runsOf = async (id: string): Promise<Workflow[]> => (await client.list({ q: `${id}-`, limit: 200 })).items;

  it('start one workflow a time and leave none out, while orchestrators are killed', async () => {
    const schedule = await client.createSchedule({ id: 'every', cron: '* * * * * *', catchUp: { policy: 'all' }, overlap: 'allow', task });
    expect(schedule.nextAt).not.toBeNull();
    const orchestrators = stack.processes('orchestrator');
    for (const orchestrator of orchestrators) await orchestrator.crash();
    await Promise.all(orchestrators.map((orchestrator) => orchestrator.crash()));
    await until(async () => (await runsOf('every')).length >= 8, 30_000, () => stack.logs());
    const paused = await patiently(() => client.pauseSchedule('every'));
    expect(paused.nextAt).toBeNull();
    const times = (await runsOf('every')).map((run) => run.workflowId.replace('every-', '')).sort();
    const seconds = times.map((time) => Date.parse(time.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z')) / 1_000);
    expect(seconds).toEqual(seconds.map((_, index) => (seconds[0] ?? 0) + index));
    expect(new Set(times).size).toBe(times.length);
    expect((await client.schedule('every')).runs[0]).toMatchObject({ outcome: 'started' });
  });

  it('run once at a time, with the budget of each run on its own account, and say so in the history', async () => {
    const at = new Date(Date.now() + 1_500).toISOString();
    await client.createSchedule({ id: 'once', at, task: { ...task, budget: { tokens: 1_234 } } });
    await until(async () => (await runsOf('once')).length === 1, 20_000, () => stack.logs());
    const [run] = await runsOf('once');
    expect(Date.parse(run?.createdAt ?? '')).toBeGreaterThanOrEqual(Date.parse(at));
    const account = await stack.get<Account>(`/api/v1/budgets/workflow/${run?.workflowId}`);
    expect(account.windows.find((window) => window.window === 'total')?.limitTokens).toBe(1_234);
    await until(async () => (await client.schedule('once')).nextAt === null, 5_000);
    expect(await client.schedule('once')).toMatchObject({ lastWorkflowId: run?.workflowId, runs: [{ outcome: 'started' }] });
  });

  it('skip a time while the run before goes on, or cancel it', async () => {
    const slow = { goal: 'slow', plan: { steps: [{ id: 'nap', kind: 'wait' as const, input: { ms: 600_000 } }] } };
    await client.createSchedule({ id: 'skips', cron: '* * * * * *', task: slow });
    await client.createSchedule({ id: 'cancels', cron: '* * * * * *', overlap: 'cancel', task: slow });
    await until(async () => (await client.schedule('skips')).runs.filter((run) => run.outcome === 'skipped').length >= 2, 20_000);
    await until(async () => (await runsOf('cancels')).filter((run) => run.status === 'cancelled').length >= 2, 20_000);
    expect(await runsOf('skips')).toHaveLength(1);
    await Promise.all([client.deleteSchedule('skips'), client.deleteSchedule('cancels')]);
    expect((await client.schedules()).items.map((schedule: Schedule) => schedule.id)).toEqual(['every', 'once']);
  });

  it('are refused with what is wrong, belong to their tenant, and can be started by hand', async () => {
    await expect(client.createSchedule({ id: 'bad', cron: '61 * * * *', task })).rejects.toThrow(/\/cron is "61 \* \* \* \*", which is no cron pattern/);
    await expect(client.createSchedule({ id: 'bad', cron: '* * * * *', task: { goal: 'x', plan: { steps: [{ id: 'a', kind: 'tool', tool: 'nope' }] } } })).rejects.toThrow(/nope/);
    await expect(client.createSchedule({ id: 'once', cron: '* * * * *', task })).rejects.toThrow(/exists already/);
    await expect(createClient({ url: stack.url, tenant: 'other' }).schedule('once')).rejects.toThrow(/There is no schedule/);
    const started = await client.triggerSchedule('once');
    expect(await stack.ended(started.workflowId)).toMatchObject({ status: 'completed' });
    expect((await client.nextTimes('every', 3)).items).toHaveLength(3);
    await client.resumeSchedule('every');
    await expect(client.resumeSchedule('every')).rejects.toThrow(/not paused/);
  });
});

/** A killed orchestrator refuses connections for a moment. */
async function patiently<Result>(task: () => Promise<Result>): Promise<Result> {
  let result: Result | undefined;
  await until(async () => {
    result = await task();
    return true;
  }, 10_000);
  if (result === undefined) throw new Error('unreachable: until() has seen it');
  return result;
}
