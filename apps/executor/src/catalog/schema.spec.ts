import type { JsonObject } from '@trivet/contracts';
import { describe, expect, it } from '@jest/globals';
import { compileSchema } from './schema.js';

describe('a schema of a manifest', () => {
  it('gives up on a schema that doubles the work with each level of a value', () => {
    const branch = (required: string) => ({ type: 'object', properties: { a: { $ref: '#/$defs/a' } }, required: [required] });
    const check = compileSchema({ $ref: '#/$defs/a', $defs: { a: { anyOf: [branch('b'), branch('c')] } } }, 'input of subject');
    const startedAt = performance.now();
    expect(check(Array.from({ length: 24 }).reduce<JsonObject>((inner) => ({ a: inner }), {}))).toEqual([{ pointer: '', detail: expect.stringMatching(/cannot be checked: .*took longer than 500 ms/) }]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
    expect(check({ a: 1, b: 1, c: 1 }).length).toBeGreaterThan(0);
    expect(check({ b: 1 })).toEqual([]);
  });

  it('holds each pattern to its own field', () => {
    const check = compileSchema({ type: 'object', properties: { currency: { type: 'string', pattern: '^[A-Z]{3}$' }, number: { type: 'string', pattern: '^[0-9]+$' } }, patternProperties: { '^x-': { type: 'integer' } } }, 'input of subject');
    expect(check({ currency: 'EUR', number: '12', 'x-a': 1 })).toEqual([]);
    expect(check({ currency: 'euro', number: 'x', 'x-a': 'no' })).toEqual([
      { pointer: '/currency', detail: 'must match pattern "^[A-Z]{3}$"' },
      { pointer: '/number', detail: 'must match pattern "^[0-9]+$"' },
      { pointer: '/x-a', detail: 'must be integer' },
    ]);
  });

  it('holds names of fields to a pattern', () => {
    const check = compileSchema({ type: 'object', propertyNames: { pattern: '^[a-z]+$' } }, 'input of subject');
    expect([check({ fine: 1 }), check({ '../etc': 1 }).length > 0]).toEqual([[], true]);
  });

  it('gives up on a value that takes too long to be held to its patterns, and not on the next', () => {
    const check = compileSchema({ type: 'object', additionalProperties: { type: 'string', pattern: '(?i)(?:\\pL?){1000}b' } }, 'input of subject');
    const startedAt = performance.now();
    expect(check({ t: 'a'.repeat(100_000) })).toEqual([{ pointer: '', detail: expect.stringContaining('a text of 100000 characters is too long') }]);
    expect(check(Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`t${index}`, 'a'.repeat(1000)])))).toEqual([{ pointer: '', detail: expect.stringMatching(/more than 250 ms/) }]);
    expect(check({ t: 'ab' })).toEqual([]);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('matches in linear time what a backtracking pattern never ends with', () => {
    const check = compileSchema({ type: 'string', pattern: '^(a+)+$' }, 'input of subject');
    expect(check(`${'a'.repeat(50_000)}b`)).toHaveLength(1);
    expect(check('aaa')).toEqual([]);
  });
});
