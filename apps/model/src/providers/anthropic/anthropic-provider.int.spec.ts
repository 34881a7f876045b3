import type { JsonObject } from '@trivet/contracts';
import type { ProviderRequest } from '../provider.js';
import { USAGE, at } from '../suite/dialects/dialect.js';
import { anthropicDialect } from '../suite/dialects/anthropic.js';
import { events, json, startLoopback, type Loopback, type Reply } from '../suite/loopback.js';
import { KEY, live, request } from '../suite/subjects.js';
import { createAnthropicProvider } from './anthropic-provider.js';
import { messagesBody } from './messages-request.js';

const OBJECT = { type: 'object', properties: { n: { type: 'number' } } };
const message = (content: object[], rest: object = {}): object => ({ type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'end_turn', usage: { input_tokens: 4, output_tokens: 2 }, ...rest });

describe('the anthropic provider', () => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  beforeEach(() => void (server.requests.length = 0));

  const ask = async (reply: Reply, { stream = false, rest = {}, baseUrl = server.url }: { stream?: boolean; rest?: Partial<ProviderRequest>; baseUrl?: string } = {}) => {
    server.reply = reply;
    const pieces: string[] = [];
    const answer = await createAnthropicProvider({ name: 'vendor', baseUrl, apiKey: KEY, stream }).complete(request('hello', rest), { signal: live(), onDelta: (text) => pieces.push(text) });
    return { answer, pieces };
  };

  it('takes a base URL with or without the version of the API, and other credentials from nowhere', async () => {
    for (const end of ['', '/', '/v1', '/v1/']) await ask(json(message([])), { baseUrl: `${server.url}${end}` });
    expect(server.requests.map(({ path }) => path)).toEqual(['/v1/messages', '/v1/messages', '/v1/messages', '/v1/messages']);
    expect(server.requests[0]?.headers).toMatchObject({ 'x-api-key': KEY, 'anthropic-version': '2023-06-01' });
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('counts what is read from and written to the cache as input', async () => {
    const usage = { input_tokens: 10, cache_read_input_tokens: 300, cache_creation_input_tokens: 50, output_tokens: 7 };
    expect((await ask(json(message([{ type: 'text', text: 'a' }], { usage })))).answer).toMatchObject({ usage: { inputTokens: 360, outputTokens: 7, cachedInputTokens: 300, cacheWriteTokens: 50, source: 'reported' } });
  });

  it('takes the last count of a stream for all of it, and none where the last one is missing', async () => {
    const all = anthropicDialect.events({ text: 'abcd', end: 'stop', usage: USAGE });
    expect((await ask(events(all), { stream: true })).answer).toMatchObject({ usage: { inputTokens: 120, outputTokens: 30 } });
    const ending = (usage: string): string[] => all.map((event) => (event.includes('"message_delta"') ? event.replace(/,"usage":\{.*\}\}/, usage) : event));
    expect((await ask(events(ending('}')), { stream: true })).answer).not.toHaveProperty('usage');
    expect((await ask(events(ending(',"usage":{"input_tokens":500,"output_tokens":31}}')), { stream: true })).answer).toMatchObject({ usage: { inputTokens: 600, outputTokens: 31 } });
  });

  it('drops a tool call that was cut, and does not call it malformed', async () => {
    const all = anthropicDialect.events({ text: 'a', toolCalls: [{ id: 't', name: 'f', arguments: { city: 'Paris' } }], end: 'length', usage: USAGE });
    const cut = all.filter((event) => !event.includes('is\\"}'));
    expect((await ask(events(cut), { stream: true })).answer).toEqual({ status: 'answered', text: 'a', finishReason: 'length', usage: expect.anything(), model: 'model-as-served' });
  });

  it('bounds its input by bytes, with what the vendor adds to a request with tools', async () => {
    const provider = createAnthropicProvider({ name: 'vendor', stream: true });
    const [plain, structured] = [await provider.boundInputTokens(request('hello')), await provider.boundInputTokens(request('hello', { schema: OBJECT }))];
    expect(plain).toBeGreaterThanOrEqual(5);
    expect(structured - plain).toBeGreaterThan(530 + JSON.stringify(OBJECT).length);
  });

  describe('with a schema', () => {
    const given = (name: string, input: unknown) => ({ type: 'tool_use', id: 't', name, input });

    it('is made to call a tool, in place of which a text will do', async () => {
      const { answer } = await ask(json(message([{ type: 'text', text: 'Sure:' }, given('answer', { n: 1 })])), { rest: { schema: OBJECT } });
      expect(answer).toMatchObject({ text: '{"n":1}', finishReason: 'stop' });
      expect(answer).not.toHaveProperty('toolCalls');
      expect(server.requests[0]?.body).toMatchObject({ tools: [{ name: 'answer', input_schema: OBJECT }], tool_choice: { type: 'tool', name: 'answer' } });
      const { answer: text, pieces } = await ask(json(message([{ type: 'text', text: '{"n":2}' }])), { rest: { schema: OBJECT } });
      expect(text).toMatchObject({ text: '{"n":2}', finishReason: 'stop' });
      expect(pieces.join('')).toBe('{"n":2}');
    });

    it('may call the caller’s tools as well', async () => {
      const tools = [{ name: 'answer', input: OBJECT }];
      const { answer } = await ask(json(message([given('answer', { n: 3 })], { stop_reason: 'tool_use' })), { rest: { schema: OBJECT, tools } });
      expect(answer).toMatchObject({ text: '', finishReason: 'tool_calls', toolCalls: [{ name: 'answer', arguments: { n: 3 } }] });
      expect(server.requests[0]?.body).toMatchObject({ tools: [{ name: 'answer' }, { name: 'final_answer' }], tool_choice: { type: 'any' } });
      expect((await ask(json(message([given('final_answer', { n: 4 })])), { rest: { schema: OBJECT, tools } })).answer).toMatchObject({ text: '{"n":4}', finishReason: 'stop' });
    });

    it.each([
      ['a list', { type: 'array', items: { $ref: '#/$defs/item' }, $defs: { item: { type: 'number' } } }, [1, 2]],
      ['a choice', { anyOf: [OBJECT, { type: 'null' }] }, null],
      ['a text', { type: 'string' }, 'x'],
    ])('of %s has the answer in a field', async (_name, schema: JsonObject, value) => {
      const said = { toolCalls: [{ id: 't', name: 'answer', arguments: { answer: value } }], end: 'tool_calls' as const, usage: USAGE };
      for (const stream of [true, false]) {
        const { answer, pieces } = await ask(stream ? events(anthropicDialect.events(said)) : json(anthropicDialect.body(said)), { stream, rest: { schema } });
        expect(answer).toMatchObject({ text: JSON.stringify(value), finishReason: 'stop' });
        expect(pieces.join('')).toBe(JSON.stringify(value));
      }
      const input = at(server.requests[0]?.body, 'tools', 0, 'input_schema');
      expect(input).toMatchObject({ type: 'object', required: ['answer'] });
      expect(at(input, '$defs')).toEqual(schema['$defs']);
    });
  });

  describe('what it sends', () => {
    const body = (rest: Partial<ProviderRequest>) => messagesBody(request('x', rest), { stream: false });

    it('has turns that alternate, no empty texts, and ids of calls the vendor takes', () => {
      const messages: ProviderRequest['messages'] = [
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'a' },
        { role: 'user', content: '' },
        { role: 'assistant', content: 'b', toolCalls: [{ id: 'call:1/ä', name: 'f', arguments: [1] }] },
        { role: 'tool', content: '', toolCallId: 'call:1/ä' },
        { role: 'system', content: 'Be brief.' },
        { role: 'user', content: 'c', images: [{ mediaType: 'image/gif', data: 'R0lG' }] },
      ];
      expect(body({ messages })).toMatchObject({
        system: 'Be kind.\n\nBe brief.',
        messages: [
          { role: 'user', content: 'a' },
          { role: 'assistant', content: [{ type: 'text', text: 'b' }, { type: 'tool_use', id: 'call_1__', name: 'f', input: { value: [1] } }] },
          { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1__', content: '' }, { type: 'text', text: 'c' }, { type: 'image', source: { type: 'base64', media_type: 'image/gif', data: 'R0lG' } }] },
        ],
      });
    });

    it('has a temperature the vendor takes', () => {
      expect(body({ temperature: 1.7 })).toMatchObject({ temperature: 1 });
      expect(body({})).not.toHaveProperty('temperature');
    });
  });
});
