import type { Plan, Tool } from '@trivet/contracts';
import { estimatePlan } from './estimate.js';
import { demandOf, type PlanDemand } from './plan-demand.js';

const parts = { tools: new Map<string, Tool>(), templates: new Map([['inner', { name: 'inner', title: 't', description: 'd', digest: 'd', plan: { steps: [{ id: 'x', kind: 'code' as const, input: { code: '1' } }] } }]]) };
const ask = (content: string, rest: object = {}) => ({ id: 'ask', kind: 'model' as const, input: { messages: [{ role: 'user', content }], maxTokens: 100, ...rest } });
const demand = (steps: Plan['steps'], input: object = {}): PlanDemand => demandOf({ steps }, { goal: 'the goal', input: JSON.parse(JSON.stringify(input)) }, parts);

describe('what a plan asks for', () => {
  it('counts tools, code and models, and what a map does with each item', () => {
    expect(demand([{ id: 't', kind: 'tool', tool: 'echo' }, { id: 'c', kind: 'code', input: { code: '1' } }, { id: 'm', kind: 'map', over: { $: 'input.list' }, step: ask('hi') }], { list: [1, 2, 3, 4] })).toMatchObject({ toolCalls: 2, modelCalls: 4, demands: [{ calls: 4, maxTokens: 100 }], notes: [] });
  });

  it('knows that embeddings have no output', () => {
    expect(demand([{ id: 'e', kind: 'model', input: { embed: ['some text', 'another text'] } }]).demands).toMatchObject([{ calls: 1, embeds: true, maxTokens: 0 }]);
  });

  it('knows what the task brought, and assumes what steps have yet to make', () => {
    const short = demand([ask('{{ goal }}')]).demands[0]?.inputTokens ?? 0;
    const long = demand([ask('{{ input.text }}')], { text: 'word '.repeat(2_000) }).demands[0]?.inputTokens ?? 0;
    expect(long - short).toBeGreaterThan(2_500);
    expect(long - short).toBeLessThan(3_200);
    const later = demand([ask('{{ steps.a.output }}')]);
    expect(later.demands[0]?.inputTokens).toBeGreaterThan(1_000);
    expect(later.notes).toEqual(['ask: reads what other steps make; 1000 tokens are assumed for each']);
  });

  it('says what it assumes', () => {
    const { notes, modelCalls, toolCalls } = demand([
      { id: 'bot', kind: 'agent', input: { goal: 'g', maxTurns: 3, maxCalls: 5, maxTokens: 1_000 } },
      { id: 'each', kind: 'map', over: { $: 'steps.bot.output.list' }, step: { id: 'i', kind: 'tool', tool: 'echo' } },
      { id: 'sub', kind: 'workflow', input: { goal: 'g', template: 'inner' } },
      { id: 'made', kind: 'workflow', input: { goal: 'g', plan: { $: 'steps.bot.output' } } },
      { id: 'maybe', kind: 'tool', tool: 'echo', when: 'goal', retry: { max: 2 } },
    ]);
    expect({ modelCalls, toolCalls }).toEqual({ modelCalls: 3, toolCalls: 5 + 10 + 1 + 1 });
    expect(notes.map((note) => note.split(':')[0])).toEqual(['bot', 'each', 'made', 'maybe', 'maybe']);
  });

  it('adds up calls of one kind, so that a long plan asks for few prices', () => {
    const { demands } = demand(Array.from({ length: 5_000 }, (_, index) => ({ ...ask('hi'), id: `s${index}` })));
    expect(demands).toMatchObject([{ calls: 5_000 }]);
  });
});

describe('an estimate without a model service', () => {
  it('has no price and says so', async () => {
    const { FailureError } = await import('@trivet/contracts');
    const bus = { request: () => Promise.reject(new FailureError('unavailable', 'nobody')) };
    const estimate = await estimatePlan(bus, { plan: { steps: [ask('hi')] }, template: null, templateDigest: null }, { goal: 'g' }, parts);
    expect(estimate).toMatchObject({ calls: { tool: 0, model: 1 }, outputTokens: 100, costNanoUsd: null, unpriced: [expect.stringContaining('no model service')] });
  });
});
