import { exampleInput } from './example-input.js';

describe('exampleInput', () => {
  it('has what the schema requires and nothing else', () => {
    expect(exampleInput({ type: 'object', required: ['a', 'b', 'c'], properties: { a: { type: 'string' }, b: { type: 'integer', default: 3 }, c: { enum: ['x', 'y'] }, d: { type: 'string' } } })).toEqual({ a: '', b: 3, c: 'x' });
  });

  it('takes the first example', () => expect(exampleInput({ type: 'object', examples: [{ q: 'a' }] })).toEqual({ q: 'a' }));

  it.each([[{ type: ['string', 'null'] }, ''], [{ type: 'array' }, []], [{}, null], [true, null], [undefined, null]])('starts from %j with %j', (schema, value) => expect(exampleInput(schema)).toEqual(value));
});
