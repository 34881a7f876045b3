import { FailureError, type Plan, type Tool } from '@trivet/contracts';
import { createInputCheck } from './input-check.js';
import { checkPlan } from './plan-check.js';

const tool: Tool = { name: 'echo', version: '1.0.0', description: 'd', input: { type: 'object', properties: { text: { type: 'string' } }, required: ['text'], additionalProperties: false }, output: {}, limits: { timeoutMs: 1, memoryMib: 1, outputKib: 1, hostCalls: 0 }, digest: 'f'.repeat(64), bundled: true };
const tools = new Map([[tool.name, tool]]);
const step = (id: string, rest: object = {}): Plan['steps'][number] => ({ id, kind: 'tool', tool: 'echo', input: { text: 'x' }, ...rest });

/** The mistakes of a plan as `pointer: detail`. */
function mistakes(steps: Plan['steps'], output?: Plan['output']): string[] {
  try {
    checkPlan({ steps, ...(output === undefined ? {} : { output }) }, tools, createInputCheck());
    return [];
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    expect(error.failure.code).toBe('plan_invalid');
    return error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`);
  }
}

describe('a plan', () => {
  it('passes when it can run', () => {
    expect(mistakes([step('a'), step('b', { dependsOn: ['a'], input: { text: '{{ steps.a.output }}' }, when: 'steps.a.output' })], { $: 'steps.b.output' })).toEqual([]);
  });

  it.each<[string, Plan['steps'], RegExp]>([
    ['a repeated id', [step('a'), step('a')], /^\/plan\/steps\/1\/id: repeats/],
    ['a reserved id', [step('__proto__')], /^\/plan\/steps\/0\/id: is __proto__/],
    ['an unknown tool', [step('a', { tool: 'nope' })], /^\/plan\/steps\/0\/tool: names the tool nope.*there are echo/],
    ['a tool step without a tool', [step('a', { tool: undefined })], /tool: is missing/],
    ['an input that does not fit its tool', [step('a', { input: { text: 5, more: 1 } })], /^\/plan\/steps\/0\/input/],
    ['a dependency that is not there', [step('a', { dependsOn: ['z'] })], /^\/plan\/steps\/0\/dependsOn\/0: names the step z/],
    ['a step that waits for itself', [step('a', { dependsOn: ['a'] })], /names the step itself/],
    ['a circle by dependsOn', [step('a', { dependsOn: ['b'] }), step('b', { dependsOn: ['a'] })], /circle: a, b/],
    ['a circle by expressions', [step('a', { input: { text: '{{ steps.b.output }}' } }), step('b', { input: { text: '{{ steps.a.output }}' } })], /circle/],
    ['an expression that does not compile', [step('a', { input: { text: '{{ a[ }}' } })], /^\/plan\/steps\/0\/input\/text: has the expression "a\["/],
    ['a reference to a step that is not there', [step('a', { when: 'steps.nobody.output' })], /^\/plan\/steps\/0\/when: refers to the step nobody/],
    ['a map without a list', [{ id: 'a', kind: 'map', step: step('x') }], /^\/plan\/steps\/0\/over: is missing/],
    ['a mistake in what a map does with each item', [{ id: 'a', kind: 'map', over: [1], step: step('x', { tool: 'nope' }) }], /^\/plan\/steps\/0\/step\/tool: names the tool nope/],
    ['an agent with a tool that is not there', [{ id: 'a', kind: 'agent', input: { goal: 'g', tools: ['nope'] } }], /^\/plan\/steps\/0\/input\/tools\/0: names the tool "nope"/],
    ['an approval without a question', [{ id: 'a', kind: 'approval', input: {} }], /^\/plan\/steps\/0\/input\/question/],
    ['a wait for nothing', [{ id: 'a', kind: 'wait', input: {} }], /^\/plan\/steps\/0\/input/],
    ['a mistake in the plan of a child workflow', [{ id: 'a', kind: 'workflow', input: { goal: 'g', plan: { steps: [{ id: 'x', kind: 'tool', tool: 'nope' }] } } }], /^\/plan\/steps\/0\/input\/plan\/steps\/0\/tool/],
    ['an id that a step inside another will have', [{ id: 'a', kind: 'map', over: [1], step: step('x') }, step('a--0')], /^\/plan\/steps\/1\/id: is a--0/],
    ['a model step without a request', [{ id: 'a', kind: 'model', input: {} }], /messages, prompt or embed/],
  ])('is refused for %s', (_, steps, expected) => {
    expect(mistakes(steps).some((mistake) => expected.test(mistake))).toBe(true);
  });

  it('names every mistake at once', () => {
    const found = mistakes([step('a', { tool: 'nope' }), step('b', { dependsOn: ['z'] }), step('c', { input: {} })], { $: 'steps.q' });
    expect(found.map((mistake) => mistake.split(':')[0])).toEqual(['/plan/steps/0/tool', '/plan/steps/1/dependsOn/0', '/plan/steps/2/input', '/plan/output']);
  });

  it('of ten thousand steps is checked in one pass', () => {
    const steps = Array.from({ length: 10_000 }, (_, index) => step(`s${index}`, index > 0 ? { dependsOn: [`s${index - 1}`] } : {}));
    expect(mistakes(steps)).toEqual([]);
  });
});

describe('a tool that the policy of the tenant denies', () => {
  const denied = new Map(['launch', 'code_javascript'].map((name): [string, string] => [name, 'which the policy of tenant acme denies']));
  const problems = (steps: Plan['steps']): string[] => {
    try {
      checkPlan({ steps }, tools, createInputCheck(), denied);
      return [];
    } catch (error) {
      return error instanceof FailureError ? error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`) : [String(error)];
    }
  };

  it.each<[string, Plan['steps'], string]>([
    ['in a step', [step('a', { tool: 'launch' })], '/plan/steps/0/tool: names the tool launch, which the policy of tenant acme denies; there are echo'],
    ['in a map', [{ id: 'a', kind: 'map', over: [1], step: step('x', { tool: 'launch' }) }], '/plan/steps/0/step/tool: names the tool launch, which the policy of tenant acme denies; there are echo'],
    ['offered to an agent', [{ id: 'a', kind: 'agent', input: { goal: 'g', tools: ['launch'] } }], '/plan/steps/0/input/tools/0: names the tool "launch", which the policy of tenant acme denies; there are echo'],
    ['that code runs with', [{ id: 'a', kind: 'code', input: { code: '1' } }], '/plan/steps/0/kind: is code, which runs with the tool code_javascript, which the policy of tenant acme denies; there are echo'],
    ['in the plan of a child', [{ id: 'a', kind: 'workflow', input: { goal: 'g', plan: { steps: [{ id: 'x', kind: 'tool', tool: 'launch' }] } } }], '/plan/steps/0/input/plan/steps/0/tool: names the tool launch, which the policy of tenant acme denies; there are echo'],
  ])('%s is a problem that names it', (_name, steps, problem) => {
    expect(problems(steps)).toEqual([problem]);
  });

  it('is not confused with one that does not exist', () => {
    expect(problems([step('a', { tool: 'nope' })])).toEqual([expect.stringContaining('names the tool nope, which does not exist')]);
    expect(problems([step('a')])).toEqual([]);
  });
});
