import { FailureError } from '@trivet/contracts';
import { readMadePlan } from './made-plan.js';

const PLAN = { steps: [{ id: 'a', kind: 'wait', input: { ms: 1 } }] };

describe('a plan that was made', () => {
  it.each([['a value', PLAN], ['its JSON', JSON.stringify(PLAN)], ['in a fence', `\`\`\`json\n${JSON.stringify(PLAN)}\n\`\`\``], ['with words around it', `Here it is: ${JSON.stringify(PLAN)} I hope it helps.`]])('is read as %s', (_, value) => {
    expect(readMadePlan(value)).toEqual(PLAN);
  });

  it.each<[string, Parameters<typeof readMadePlan>[0], RegExp]>([
    ['words', 'I cannot do that.', /^\/plan: The plan is not JSON/],
    ['nothing', null, /^\/plan: /],
    ['another form', { steps: [{ id: 'a', kind: 'nap' }] }, /^\/plan\/steps\/0\/kind: /],
    ['a list', [], /^\/plan: /],
  ])('is refused when it is %s', (_, value, expected) => {
    try {
      readMadePlan(value);
      throw new Error('it was read');
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      expect(error.failure.code).toBe('plan_invalid');
      expect(error.errors.map(({ pointer, detail }) => `${pointer}: ${detail}`).join('\n')).toMatch(expected);
    }
  });
});
