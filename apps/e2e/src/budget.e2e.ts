import type { Account, Step } from '@trivet/contracts';
import { startStack, type Stack } from '@trivet/testing';

const CALLS = 1_000;
const FITS = 300;
const TEXT = 'Nimbus Robotics builds robots that sort parcels. It was founded in a garage. Its robots work in forty warehouses. The company is growing fast.';
const modelStep = (id: string) => ({ id, kind: 'model', input: { messages: [{ role: 'user', content: `Summarise: ${TEXT}` }], maxTokens: 64 }, onFailure: 'continue' });

describe('1,000 model calls at once on four replicas', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ replicas: { model: 4 } });
  });
  afterAll(() => stack.stop());

  it('never spend more than a budget that fits 300, at any moment, and say which account refused', async () => {
    const each = await costOfOne();
    const limit = each.reserved * FITS;
    await setLimit('tenant/default', limit + each.used);
    const over: string[] = [];
    let samples = 0;
    let sampling = true;
    const sampler = (async () => {
      while (sampling) {
        const total = await totalOf('tenant/default');
        samples += 1;
        if (total.usedTokens + total.heldTokens > limit + each.used) over.push(JSON.stringify(total));
      }
    })();
    await stack.submit({ goal: 'spend', workflowId: 'spend', plan: { steps: Array.from({ length: CALLS }, (_, index) => modelStep(`m${index}`)) } });
    await stack.ended('spend', { withinMs: 150_000 });
    sampling = false;
    await sampler;

    const steps = await stack.steps('spend');
    const completed = steps.filter((step) => step.status === 'completed');
    const refused = steps.filter((step) => step.status === 'failed');
    expect(over).toEqual([]);
    expect(samples).toBeGreaterThan(10);
    expect(completed.length + refused.length).toBe(CALLS);
    expect(completed.length).toBeGreaterThanOrEqual(FITS);
    expect(refused.length).toBeGreaterThan(0);
    expect(refused.filter((step) => step.failure?.code !== 'budget_exceeded')).toEqual([]);
    expect(refused.filter((step) => !step.failure?.message.includes('tenant/default'))).toEqual([]);
    const total = await totalOf('tenant/default');
    expect(total).toMatchObject({ heldTokens: 0, usedTokens: each.used + tokensOf(completed) });
    expect((await totalOf('workflow/spend')).usedTokens).toBe(tokensOf(completed));
  });

  /** What one call reserves at most, seen from the refusal of a budget of one token, and what it uses. */
  async function costOfOne(): Promise<{ reserved: number; used: number }> {
    await stack.submit({ goal: 'probe', workflowId: 'probe-refused', budget: { tokens: 1 }, plan: { steps: [modelStep('m')] } });
    await stack.ended('probe-refused');
    const [refused] = await stack.steps('probe-refused');
    expect(refused?.failure).toMatchObject({ code: 'budget_exceeded', message: expect.stringContaining('workflow/probe-refused') });
    const reserved = Number(refused?.failure?.detail?.['requested']);
    await stack.submit({ goal: 'probe', workflowId: 'probe', plan: { steps: [modelStep('m')] } });
    await stack.ended('probe');
    const used = (await totalOf('workflow/probe')).usedTokens;
    expect(used).toBeGreaterThan(0);
    expect(reserved).toBeGreaterThanOrEqual(used);
    return { reserved, used };
  }

  async function totalOf(account: string): Promise<Account['windows'][number]> {
    const { windows } = await stack.get<Account>(`/api/v1/budgets/${account}`);
    const total = windows.find((window) => window.window === 'total');
    if (!total) throw new Error(`${account} has no total`);
    return total;
  }

  async function setLimit(account: string, limitTokens: number): Promise<void> {
    const response = await fetch(`${stack.url}/api/v1/budgets/${account}`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ windows: [{ window: 'total', limitTokens }] }) });
    expect(response.status).toBe(200);
  }
});

const tokensOf = (steps: Step[]): number => steps.reduce((total, step) => total + (step.calls.find((call) => call.outcome === 'completed')?.usage?.totalTokens ?? 0), 0);
