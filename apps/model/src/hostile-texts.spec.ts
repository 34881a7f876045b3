import { withinMs } from '@trivet/service';
import { compileSchema } from './compile-schema.js';
import { checkOutput } from './answering/output.js';
import { targetOf } from './answering/context-for-tests.js';
import { openAiCounter } from './accounting/openai-tokens.js';

/** Far more than any of it takes, and far less than it took before it was bounded. */
const SOON_MS = 5_000;
async function soon<Value>(work: () => Value | Promise<Value>): Promise<Value> {
  const startedAt = performance.now();
  const value = await work();
  expect(performance.now() - startedAt).toBeLessThan(SOON_MS);
  return value;
}

describe('work on what others wrote', () => {
  it('is ended when it takes too long, and goes on to work afterwards', async () => {
    await soon(() => expect(() => withinMs(50, 'counting', () => { for (;;); })).toThrow('counting took longer than 50 ms, which is the limit.'));
    expect(withinMs(50, 'adding', () => 1 + 1)).toBe(2);
    expect(() => withinMs(50, 'failing', () => { throw new RangeError('its own'); })).toThrow(new RangeError('its own'));
  });

  it('is not held up by a schema that refers to itself, nor by one that is large', async () => {
    const doubling = { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ type: 'object', properties: { a: { $ref: '#/$defs/a' } }, required: ['b'] }, { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, required: ['c'] }] } } };
    const deep = Array.from({ length: 24 }).reduce<object>((inner) => ({ a: inner }), {});
    await soon(() => expect(compileSchema(doubling, 'x')(deep)).toMatchObject([{ message: expect.stringContaining('took longer than 500 ms') }]));
    await soon(() => expect(() => compileSchema({ anyOf: Array.from({ length: 4_000 }, (_, n) => ({ const: n })) }, 'x')).toThrow(/the limit is 32768|took longer/));
  });

  it('is not held up by fences that never end', async () => {
    const target = targetOf('a', async () => { throw new Error('not asked'); });
    const check = (text: string) => checkOutput({ status: 'answered', text, finishReason: 'stop', model: 'm' }, { content: { messages: [], schema: { type: 'array', items: { type: 'string' } } }, wanted: { needs: {} }, fingerprint: 'f' }, target);
    await soon(() => expect(check(`\`\`\`${'\n'.repeat(100_000)}x`)).toHaveProperty('mistakes'));
    expect(check('```json\n["a"]\n```')).toMatchObject({ output: { value: ['a'] } });
    expect(check('  ```\n["a"]\n```  ')).toMatchObject({ output: { value: ['a'] } });
    const many = check(JSON.stringify(Array(3_000).fill(1)));
    expect('mistakes' in many && many.mistakes.length).toBeLessThan(2_100);
  });

  it('is not held up by a word without an end, which counts no less in pieces', async () => {
    const counter = await openAiCounter('gpt-4o');
    expect(await soon(() => counter?.('a'.repeat(500_000)))).toBeGreaterThan(50_000);
    expect(counter?.('The quick brown fox.')).toBe(5);
  });
});
