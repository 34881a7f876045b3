import { startStack, until, type Stack, type StackOptions } from '@trivet/testing';
import type { Account, Event, Step, TraceSpan } from '@trivet/contracts';

/**
 * Kill -9 of each service at each labelled point: the workflow finishes, no recorded result is computed again, and the
 * ledger is exact.
 */
const POINTS: NonNullable<StackOptions['crash']>[] = [
  { service: 'orchestrator', at: 'orchestrator.before-accept' },
  { service: 'orchestrator', at: 'orchestrator.before-commit' },
  { service: 'orchestrator', at: 'orchestrator.after-accept' },
  { service: 'orchestrator', at: 'orchestrator.after-commit-before-publish' },
  { service: 'orchestrator', at: 'orchestrator.after-commit-before-publish:3' },
  { service: 'orchestrator', at: 'orchestrator.after-publish-before-confirm' },
  { service: 'orchestrator', at: 'orchestrator.after-publish-before-confirm:3' },
  { service: 'orchestrator', at: 'orchestrator.after-result-before-ack' },
  { service: 'orchestrator', at: 'orchestrator.after-result-before-ack:2' },
  { service: 'executor', at: 'executor.after-claim' },
  { service: 'executor', at: 'executor.before-result' },
  { service: 'executor', at: 'executor.result-before-ack' },
  { service: 'executor', at: 'executor.result-before-ack:2' },
  { service: 'model', at: 'model.after-claim' },
  { service: 'model', at: 'model.after-reserve-before-vendor' },
  { service: 'model', at: 'model.after-vendor-before-settle' },
  { service: 'model', at: 'model.after-settle-before-result' },
  { service: 'model', at: 'model.after-result-before-ack' },
  { service: 'model', at: 'model.after-result-before-ack:3' },
];

const TASK = { goal: 'Analyse Nimbus Robotics', template: 'research', workflowId: 'crash', budget: { tokens: 50_000 } };

describe('a service killed', () => {
  let stack: Stack;
  afterEach(() => stack.stop());

  it.each(POINTS)('at $at comes back, and the workflow ends as if nothing had happened', async (crash) => {
    // What is counted is counted by one process, which gets all of the work.
    stack = await startStack({ crash, ...(crash.at.includes(':') ? { replicas: { [crash.service]: 1 } } : {}) });
    await submitUntilAccepted(stack);
    const workflow = await stack.ended('crash');
    expect({ status: workflow.status, failure: workflow.failure, logs: workflow.status === 'completed' ? '' : stack.logs() }).toEqual({ status: 'completed', failure: null, logs: '' });
    // The last point may be reached when the workflow has just ended. Of several processes one may be left without work.
    await until(() => stack.processes(crash.service).some(({ starts }) => starts === 2), 10_000, () => `${crash.at} was not reached\n${stack.logs()}`);

    const steps = await stack.steps('crash');
    for (const step of steps) expect(completedCalls(step)).toHaveLength(1);
    await expectGaplessHistory(stack);
    await expectExactLedger(stack, steps);
    if (crash.at === 'orchestrator.after-result-before-ack') await expectLinkedResult(stack);
  });
});

/** The answer may get lost with the process: the client asks again with the same id, as it is told to. */
async function submitUntilAccepted(stack: Stack): Promise<void> {
  const response = await stack.submit(TASK);
  expect([200, 202]).toContain(response.status);
}

/** The result came to the dead process first, and came again. */
async function expectLinkedResult(stack: Stack): Promise<void> {
  let again: TraceSpan | undefined;
  await until(async () => {
    again = (await stack.get<{ items: TraceSpan[] }>('/api/v1/workflows/crash/trace')).items.find(({ name, attributes }) => name === 'workflow.advance' && attributes['trivet.redelivered'] === true);
    return again !== undefined;
  }, 20_000, () => `no result came again\n${stack.logs()}`);
  expect(again).toMatchObject({ attributes: { 'trivet.input': 'result' }, links: [{ traceId: again?.traceId, spanId: expect.stringMatching(/^[0-9a-f]{16}$/) }] });
}

/** Of the step itself, not the model calls inside its tool. */
const completedCalls = (step: Step): Step['calls'] => step.calls.filter((call) => call.parentCallId === undefined && call.outcome === 'completed');

async function expectGaplessHistory(stack: Stack): Promise<void> {
  const { items } = await stack.get<{ items: Event[] }>('/api/v1/workflows/crash/events?limit=1000');
  expect(items.map((event) => event.seq)).toEqual(items.map((_, index) => index + 1));
  expect(items.filter((event) => event.type === 'workflow.completed')).toHaveLength(1);
}

/** Nothing held, and every account of the workflow shows the same, which is what its calls report. */
async function expectExactLedger(stack: Stack, steps: Step[]): Promise<void> {
  const used = await Promise.all(['workflow/crash', 'tenant/default', 'global/global'].map(async (name) => {
    const account = await stack.get<Account>(`/api/v1/budgets/${name}`);
    return account.windows.find((window) => window.window === 'total');
  }));
  const calls = steps.flatMap((step) => step.calls).filter((call) => call.usage !== null && call.outcome === 'completed');
  const byCall = new Map(calls.map((call) => [call.callId, call.usage?.totalTokens ?? 0]));
  expect(byCall.size).toBe(3);
  const reported = [...byCall.values()].reduce((total, tokens) => total + tokens, 0);
  for (const window of used) expect(window).toMatchObject({ heldTokens: 0, usedTokens: used[0]?.usedTokens });
  expect(used[0]?.usedTokens).toBeGreaterThanOrEqual(reported);
}
