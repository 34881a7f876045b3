import { readFileSync } from 'node:fs';
import { DryRun, Plan, type Event, type JsonObject, type Step, type Workflow } from '@trivet/contracts';
import { parse } from 'yaml';
import { itPerTier, startScriptedVendor, startStack, until, type ScriptedVendor, type Stack, type VendorAnswer, type VendorRequest } from '@trivet/testing';

const said = (request: VendorRequest): string => request.messages.map((message) => message.content ?? '').join('\n');
const json = (value: unknown): VendorAnswer => ({ text: JSON.stringify(value) });

const SUM = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '6 * 7' } }], output: { answer: { $: 'steps.sum.output.value' } } };
const BROKEN = { steps: [{ id: 'sum', kind: 'tool', tool: 'abacus', input: {} }, { id: 'more', kind: 'tool', tool: 'calculator', dependsOn: ['nobody'], input: { expression: '1' } }] };

/** Plans, programs and speeches, as each prompt asks for them. */
function scripted(request: VendorRequest): VendorAnswer {
  const text = said(request);
  if (text.includes('You make plans')) return planner(text);
  if (text.includes('JavaScript programs that calculate')) return json({ code: text.includes('This program failed') ? 'input.reduce((sum, row) => sum + row.n, 0)' : 'nothing.here' });
  if (text.includes('explain results of calculations')) return { text: 'The sum is 6.' };
  if (text.includes('You judge a debate')) return json({ winner: 'for', verdict: `of ${(text.match(/Said by the side/g) ?? []).length} speeches` });
  if (text.includes('You take part in a debate')) return { text: `${text.includes('argue for') ? 'yes' : 'no'} after ${(text.match(/Said by the side/g) ?? []).length}` };
  if (text.includes('You summarise texts')) return { text: `short(${/Text:\n([\s\S]{1,6})/.exec(text)?.[1]?.trim()})` };
  if (text.includes('You reach goals with tools')) return request.messages.some((message) => message.role === 'tool') ? { text: 'It is 42.' } : { toolCalls: [{ id: 'c', name: 'calculator', arguments: { expression: '6 * 7' } }] };
  return { text: 'plain' };
}

function planner(text: string): VendorAnswer {
  const isRepair = text.includes('This plan cannot run');
  if (text.includes('Goal: hopeless')) return { text: 'I would rather not.' };
  if (text.includes('Goal: mend') && !isRepair) return json(BROKEN);
  if (text.includes('Goal: fence')) return { text: `\`\`\`json\n${JSON.stringify(SUM)}\n\`\`\`` };
  if (text.includes('Goal: slow')) return { ...json(SUM), delayMs: 500 };
  return json(SUM);
}

describe('plans', () => {
  let vendor: ScriptedVendor;
  let stack: Stack;
  beforeAll(async () => {
    vendor = await startScriptedVendor(scripted);
    stack = await startStack({ environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none' } });
  });
  afterAll(async () => {
    await stack.stop();
    await vendor.stop();
  });

  const run = async (workflowId: string, task: object): Promise<Workflow> => {
    const response = await stack.submit({ workflowId, ...task });
    if (response.status !== 202) throw new Error(await response.text());
    return stack.ended(workflowId);
  };
  const planCalls = (): number => vendor.requests.filter((request) => said(request).includes('You make plans')).length;

  it('a model makes one from the goal and the tools there are', async () => {
    const workflow = await run('made', { goal: 'what is six times seven?', template: 'auto', budget: { tokens: 50_000 } });
    expect(workflow).toMatchObject({ status: 'completed', template: 'auto', result: { result: { answer: 42 }, plannedBy: 'scripted' }, budget: { usedTokens: 15 } });
    const asked = said(vendor.requests.at(-1) ?? { model: '', messages: [] });
    expect(asked).toContain('"name":"calculator"');
    expect(asked).toContain('"name":"summarise"');
    expect(asked).not.toContain('"name":"auto"');
    expect((await stack.steps('made')).map((step) => [step.id, step.status])).toEqual([['plan', 'completed'], ['check', 'completed'], ['repair', 'skipped'], ['run', 'completed']]);
    const child = (await stack.steps('made')).find((step) => step.id === 'run')?.childWorkflowId ?? '';
    const [accepted] = (await stack.get<{ items: Event[] }>(`/api/v1/workflows/${child}/events`)).items;
    expect(accepted).toMatchObject({ type: 'task.accepted', data: { plan: SUM, allowedTools: expect.arrayContaining(['calculator']) } });
  });

  it('one that cannot run is mended once, and the model is told every mistake', async () => {
    const before = planCalls();
    expect(await run('mended', { goal: 'mend this', template: 'auto' })).toMatchObject({ status: 'completed', result: { result: { answer: 42 } } });
    expect(planCalls() - before).toBe(2);
    const asked = said(vendor.requests.at(-1) ?? { model: '', messages: [] });
    for (const mistake of ['names the tool abacus', 'names the step nobody']) expect(asked).toContain(mistake);
    expect((await run('fenced', { goal: 'fence', template: 'auto' })).status).toBe('completed');
  });

  it('one that still cannot run ends the workflow with plan_invalid', async () => {
    const before = planCalls();
    const workflow = await run('hopeless', { goal: 'hopeless', template: 'auto' });
    expect(workflow).toMatchObject({ status: 'failed', failure: { code: 'plan_invalid', message: expect.stringContaining('not JSON') } });
    expect(planCalls() - before).toBe(2);
  });

  itPerTier('the crash ends the call to the vendor too, which is then asked again')('a crash of every orchestrator repeats no planning', async () => {
    const before = planCalls();
    await stack.submit({ workflowId: 'crash', goal: 'slow', template: 'auto' });
    await until(() => planCalls() > before, 20_000);
    for (const orchestrator of stack.processes('orchestrator')) orchestrator.kill();
    expect((await stack.ended('crash')).result).toMatchObject({ result: { answer: 42 } });
    expect(planCalls() - before).toBe(1);
  });

  it('a dry run shows the plan and what it may cost, and accepts nothing', async () => {
    const before = vendor.requests.length;
    const ask = async (task: object): Promise<DryRun> => {
      const response = await stack.submit({ workflowId: 'dry', goal: 'g', ...task }, { query: '?dryRun=true' });
      expect(response.status).toBe(200);
      return DryRun.parse(await response.json());
    };
    const write = { id: 'write', kind: 'model', input: { messages: [{ role: 'user', content: 'hello' }], maxTokens: 100 } };
    const plan = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '1' } }, { id: 'all', kind: 'map', over: [1, 2, 3], step: write }] };
    expect(await ask({ plan })).toMatchObject({ plan, template: null, estimate: { calls: { tool: 1, model: 3 }, outputTokens: 300, costNanoUsd: 0, notes: [] } });
    const unknown = await ask({ plan: { steps: [{ ...write, input: { ...write.input, model: 'nobody' } }] } });
    expect(unknown.estimate).toMatchObject({ costNanoUsd: null, unpriced: [expect.stringContaining("No endpoint serves model 'nobody'")] });
    for (const template of ['agent', 'analyse-data', 'auto', 'debate', 'research', 'summarise']) {
      const { estimate, templateDigest } = await ask({ template });
      expect(templateDigest).toMatch(/^[0-9a-f]{64}$/);
      expect(estimate.calls.model).toBeGreaterThan(0);
      expect(estimate.costNanoUsd).toBe(0);
    }
    expect((await ask({ template: 'auto' })).estimate.notes).toContain('run: runs a plan that is not there yet; it is not counted');
    expect((await stack.submit({ goal: 'g', plan: BROKEN }, { query: '?dryRun=true' })).status).toBe(400);
    expect(vendor.requests).toHaveLength(before);
    expect((await fetch(`${stack.url}/api/v1/workflows/dry`)).status).toBe(404);
  });

  it('every plan of the page about plans that waits for nobody runs to its end', async () => {
    const page = readFileSync(new URL('../../../docs/plans.md', import.meta.url), 'utf8');
    const plans = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text = '']) => Plan.parse(parse(text))).filter((plan) => !/"(approval|signal)"/.test(JSON.stringify(plan)));
    expect(plans).toHaveLength(9);
    await Promise.all(plans.map(async (plan, index) => expect(await run(`page-${index}`, { goal: 'an example', plan })).toMatchObject({ status: 'completed' })));
    expect((await stack.get<Workflow>('/api/v1/workflows/page-8')).result).toMatchObject({ check: { valid: false, mistakes: expect.any(Array) } });
  });

  it('agent: works with tools until it can answer', async () => {
    expect(await run('agent', { goal: 'six times seven', template: 'agent' })).toMatchObject({ status: 'completed', result: { answer: 'It is 42.', turns: 2 } });
  });

  it('analyse-data: writes a program, mends it once, runs it and explains', async () => {
    const workflow = await run('analyse', { goal: 'the sum of n', template: 'analyse-data', input: { data: [{ n: 1 }, { n: 2 }, { n: 3 }] } });
    expect(workflow).toMatchObject({ status: 'completed', result: { value: 6, explanation: 'The sum is 6.', code: expect.stringContaining('reduce') } });
  });

  it('summarise: each part, then the summaries together', async () => {
    const text = Array.from({ length: 6 }, (_, index) => `p${index} ${'word '.repeat(50)}`).join('\n\n');
    const workflow = await run('summarise', { goal: 'x', template: 'summarise', input: { text, partCharacters: 300 } });
    expect(workflow).toMatchObject({ status: 'completed', result: { parts: 6, partSummaries: Array.from({ length: 6 }, (_, index) => `short(p${index} wo)`.replace('wo)', 'wor)')) } });
    expect((workflow.result as JsonObject)['summary']).toMatch(/^short\(short/);
  });

  it('debate: both sides hear each other, a judge decides, and all of it can be read', async () => {
    const { result, status } = await run('debate', { goal: 'Tea is better than coffee', template: 'debate', input: { models: { judge: 'scripted' } } });
    expect({ status, result }).toEqual({
      status: 'completed',
      result: {
        winner: 'for', verdict: 'of 4 speeches',
        transcript: [['for', 'yes after 0'], ['against', 'no after 0'], ['for', 'yes after 2'], ['against', 'no after 2'], ['judge', 'of 4 speeches']].map(([role, text]) => ({ role, model: 'scripted', text })),
      },
    });
  });
});

describe('plans without a language model', () => {
  let stack: Stack;
  beforeAll(async () => void (stack = await startStack()));
  afterAll(() => stack.stop());

  const run = async (workflowId: string, task: object): Promise<Workflow> => {
    const response = await stack.submit({ workflowId, ...task });
    if (response.status !== 202) throw new Error(await response.text());
    return stack.ended(workflowId);
  };
  const LONG = Array.from({ length: 8 }, (_, index) => `Chapter ${index}. Trivets are stands for hot pots in every kitchen. The number of the chapter is ${index}, and it says that iron trivets last longer than wooden ones.`).join('\n\n');

  it('are chosen among the templates by the words of the goal, and the result says so', async () => {
    const workflow = await run('auto', { goal: 'Summarise this text about trivets', template: 'auto', input: { text: LONG } });
    expect(workflow).toMatchObject({ status: 'completed', result: { plannedBy: 'local/extractive', notice: expect.stringContaining('template summarise chosen'), result: { summary: expect.stringContaining('rivets') } } });
  });

  it('summarise and analyse-data with a program of its own work; what needs a model says which variables to set', async () => {
    expect(await run('summary', { goal: 'x', template: 'summarise', input: { text: LONG, partCharacters: 400 } })).toMatchObject({ status: 'completed', result: { summary: expect.stringContaining('rivets'), notice: expect.stringContaining('no language model') } });
    expect(await run('data', { goal: 'the sum', template: 'analyse-data', input: { data: [1, 2, 3], code: 'input.reduce((a, b) => a + b)' } })).toMatchObject({ status: 'completed', result: { value: 6, explanation: null } });
    for (const template of ['debate', 'agent', 'analyse-data']) {
      expect((await run(`no-${template}`, { goal: 'x', template, input: { data: [1] } })).failure).toMatchObject({ code: 'capability_unavailable', message: expect.stringContaining('OPENAI_API_KEY') });
    }
  });

  it('a task that names neither plan nor template is planned by research', async () => {
    expect(await run('default', { goal: 'Nimbus Robotics' })).toMatchObject({ status: 'completed', template: 'research' });
    const { items } = await stack.get<{ items: { name: string; digest: string }[] }>('/api/v1/templates');
    expect(items.map((item) => item.name)).toEqual(['agent', 'analyse-data', 'auto', 'debate', 'research', 'summarise']);
    const steps: Step[] = await stack.steps('default');
    expect(steps).toHaveLength(3);
  });
});
