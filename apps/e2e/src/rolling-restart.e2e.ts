import { SERVICES, type Step, type TaskAccepted } from '@trivet/contracts';
import { startScriptedVendor, startStack, until, type ScriptedVendor, type Stack } from '@trivet/testing';

/** The default of TRIVET_DRAIN_TIMEOUT_MS, and what closing may take beyond it. */
const DRAIN_MS = 5_000;
const SLACK_MS = 10_000;
/** Workflows that each client has under way: enough for every process, and no heap that grows where the machine is slow. */
const UNDER_WAY = 8;

describe('a rolling restart of every service under load', () => {
  let vendor: ScriptedVendor;
  let stack: Stack;
  beforeAll(async () => {
    vendor = await startScriptedVendor(() => ({ text: 'fine', delayMs: 30 }));
    stack = await startStack({ replicas: { orchestrator: 2, executor: 2, model: 2 }, environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none' } });
  });
  afterAll(async () => {
    await stack.stop();
    await vendor.stop();
  });

  it('fails no workflow, repeats no result, and each process ends within its drain time', async () => {
    const accepted: string[] = [];
    let isOver = false;
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      for (let n = 0; !isOver; n += 1) {
        const workflowId = `roll-${lane}-${n}`;
        if (n >= UNDER_WAY) await stack.ended(`roll-${lane}-${n - UNDER_WAY}`);
        const task = { goal: 'roll', workflowId, plan: { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: `${n} + 1` } }, { id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: `${workflowId}: {{ steps.sum.output.value }}` }], maxTokens: 20 } }, { id: 'last', kind: 'tool', tool: 'text_stats', input: { text: { $: 'steps.ask.output.text' } } }] } };
        await until(async () => {
          const response = await stack.submit(task);
          if (response.status !== 202) return false;
          accepted.push(((await response.json()) as TaskAccepted).workflowId);
          return true;
        }, 60_000, () => stack.logs());
      }
    });
    const tookMs: number[] = [];
    const whole = await workers();
    for (const process of SERVICES.flatMap((service) => stack.processes(service))) {
      tookMs.push((await process.replace()).endedInMs);
      await until(async () => (await workers()) >= whole, 30_000, () => stack.logs());
    }
    isOver = true;
    await Promise.all(lanes);

    expect(accepted.length).toBeGreaterThan(20);
    console.log(`${accepted.length} workflows; processes ended ${tookMs.map((ms) => Math.round(ms)).join(', ')} ms after SIGTERM`);
    const failed: string[] = [];
    for (const id of new Set(accepted)) {
      const workflow = await stack.ended(id);
      if (workflow.status !== 'completed') failed.push(`${id} ${workflow.status} ${JSON.stringify(workflow.failure)}`);
      const steps = await stack.steps(id);
      if (steps.some((step: Step) => step.calls.filter((call) => call.outcome === 'completed').length !== 1)) failed.push(`${id}: ${JSON.stringify(steps.map((step: Step) => step.calls))}`);
    }
    expect(failed).toEqual([]);
    // Each question was asked once: a drained worker hands over, it does not drop.
    const asked = vendor.requests.map((request) => request.messages.at(-1)?.content);
    expect(asked.length).toBe(new Set(asked).size);
    expect(Math.max(...tookMs)).toBeLessThan(DRAIN_MS + SLACK_MS);
  });

  const workers = async (): Promise<number> => (await stack.get<{ items: unknown[] }>('/api/v1/workers')).items.length;
});
