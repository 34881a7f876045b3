import { evaluate, expressionsIn, holds, mistakeIn, stepsIn } from './expression.js';

const scope = { goal: 'Analyse X', input: { n: 2, list: ['a', 'b'] }, steps: { 'a-1': { output: { text: 'hi' } } } };

describe('expressions', () => {
  it('replaces a whole value and parts of a string', () => {
    expect(evaluate({ whole: { $: 'input.list' }, part: 'n is {{ input.n }}, {{ steps."a-1".output.text }}' }, scope)).toEqual({ whole: ['a', 'b'], part: 'n is 2, hi' });
  });

  it('leaves plain values alone, and gives null for what is not there', () => {
    expect(evaluate([1, 'x', { $: 'steps.nobody.output' }], scope)).toEqual([1, 'x', null]);
    expect(evaluate('[{{ nothing }}]', scope)).toBe('[]');
  });

  it.each(['input.toString', 'input.constructor', '[input.hasOwnProperty]', '{ a: input.valueOf }'])('finds no function behind %s', (expression) => {
    expect(JSON.stringify(evaluate({ $: expression }, scope))).not.toContain('function');
    expect(JSON.stringify(evaluate({ value: { $: expression } }, scope))).toBeDefined();
  });

  it('refuses what could make its value grow without bounds, and takes what people write', () => {
    expect(mistakeIn(Array.from({ length: 24 }, () => '[@,@]').join(' | '))).toMatch(/times as large; the limit is 1000/);
    expect(mistakeIn("join('', [@,@]) | join('', [@,@])")).toBeNull();
    expect(mistakeIn('{a: steps.x.output, b: [input.y, input.z], c: length(input.list)} | {d: a, e: b}')).toBeNull();
    expect(mistakeIn(`a.${'b.'.repeat(3_000)}c`)).toMatch(/the limit is 4000/);
  });

  it('reads a text full of open braces in one pass', () => {
    const text = '{{'.repeat(500_000);
    const startedAt = performance.now();
    expect(evaluate(text, scope)).toBe(text);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('does not evaluate what an expression brings in', () => {
    expect(evaluate('{{ goal }}', { goal: '{{ input }}' })).toBe('{{ input }}');
  });

  it.each([['input.n', true], ['input.n > `5`', false], ['input.missing', false], ['input.list', true], ['`[]`', false]])('decides that %s is %s', (expression, expected) => {
    expect(holds(expression, scope)).toBe(expected);
  });

  it('finds its references and mistakes', () => {
    expect(stepsIn('steps.a.output + steps."b-2".output')).toEqual(['a', 'b-2']);
    expect(expressionsIn({ x: ['{{ a }}', { $: 'b' }] })).toEqual([{ expression: ' a ', pointer: '/x/0' }, { expression: 'b', pointer: '/x/1' }]);
    expect(mistakeIn('a[')).not.toBeNull();
    expect(mistakeIn('a[0]')).toBeNull();
    expect(stepsIn('input.steps.count')).toEqual([]);
  });
});
