import type { Step, Workflow } from '@trivet/contracts';
import { startScriptedVendor, startStack, until, type ScriptedVendor, type Stack } from '@trivet/testing';

/** The goal is 250 ms; a test asserts a time only to catch a hang. */
const FAR_TOO_LATE_MS = 3_000;

describe('a cancel', () => {
  let vendor: ScriptedVendor;
  let stack: Stack;
  beforeAll(async () => {
    vendor = await startScriptedVendor(() => ({ text: 'late', delayMs: 60_000 }));
    stack = await startStack({ environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none', TRIVET_EXECUTOR_SLOTS: '1' } });
  });
  afterAll(async () => {
    await stack.stop();
    await vendor.stop();
  });

  const runs = (workflowId: string): Promise<void> => until(async () => (await stack.steps(workflowId)).some((step: Step) => step.status === 'running'), 20_000, () => stack.logs());
  const cancel = async (workflowId: string): Promise<void> => {
    const response = await fetch(`${stack.url}/api/v1/workflows/${workflowId}/cancel`, { method: 'POST' });
    expect(response.status).toBe(202);
  };

  it('reaches a plugin that runs: the slot is free for the next call at once', async () => {
    await stack.submit({ goal: 'loop', workflowId: 'loop', plan: { steps: [{ id: 'run', kind: 'code', input: { code: 'while (true) {}', timeoutMs: 10_000 } }] } });
    await runs('loop');
    const startedAt = performance.now();
    await cancel('loop');
    const next = await stack.submit({ goal: 'next', workflowId: 'next', plan: { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '1 + 1' } }] } }, { query: '?wait=30s' });
    expect(((await next.json()) as Workflow).result).toEqual({ sum: { value: 2 } });
    const tookMs = performance.now() - startedAt;
    console.log(`the slot of a cancelled plugin did the next call ${Math.round(tookMs)} ms after the cancel`);
    expect(tookMs).toBeLessThan(FAR_TOO_LATE_MS);
    expect((await stack.steps('loop'))[0]).toMatchObject({ status: 'cancelled', calls: [{ outcome: 'cancelled' }] });
  });

  it('reaches a model call: the vendor is left, and what was held is settled', async () => {
    await stack.submit({ goal: 'ask', workflowId: 'ask', budget: { tokens: 10_000 }, plan: { steps: [{ id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'hi' }], maxTokens: 100 } }] } });
    await until(() => vendor.requests.length > 0, 20_000);
    const startedAt = performance.now();
    await cancel('ask');
    await until(async () => (await stack.get<Workflow>('/api/v1/workflows/ask')).budget.heldTokens === 0, 20_000, () => stack.logs());
    const tookMs = performance.now() - startedAt;
    console.log(`a cancelled model call was settled ${Math.round(tookMs)} ms after the cancel`);
    expect(tookMs).toBeLessThan(FAR_TOO_LATE_MS);
  });
});
