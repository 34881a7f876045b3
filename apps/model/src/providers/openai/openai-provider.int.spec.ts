import { createServer, type RequestListener, type Server } from 'node:http';
import { LLMock } from '@copilotkit/aimock';
import type { ProviderRequest } from '../provider.js';
import { createOpenAiProvider, type OpenAiOptions } from './openai-provider.js';
import { createServedModels } from './served-models.js';

const KEY = 'sk-secret-of-the-tests';
const request = (content: string, rest: Partial<ProviderRequest> = {}): ProviderRequest => ({ model: 'gpt-4o', messages: [{ role: 'user', content }], maxTokens: 50, ...rest });
const live = () => new AbortController().signal;

describe('the openai provider', () => {
  describe.each([true, false])('with stream: %p, against a server that speaks the vendor’s wire format', (stream) => {
    const mock = new LLMock({ port: 0 });
    const provider = (rest: Partial<OpenAiOptions> = {}) => createOpenAiProvider({ name: 'vendor', baseUrl: `${mock.url}/v1`, apiKey: KEY, stream, ...rest });
    beforeAll(() => mock.start());
    afterAll(() => mock.stop());
    afterEach(() => void mock.reset());

    it('answers with the text, the reported usage and the pieces', async () => {
      mock.onMessage('hello', { content: 'Hello to you, whoever you are.', usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }, model: 'gpt-4o-2024-08-06' });
      const pieces: string[] = [];
      const answer = await provider().complete(request('hello', { temperature: 0.2 }), { signal: live(), onDelta: (text) => pieces.push(text) });
      expect(answer).toEqual({ status: 'answered', text: 'Hello to you, whoever you are.', finishReason: 'stop', usage: { inputTokens: 11, outputTokens: 7, source: 'reported' }, model: 'gpt-4o-2024-08-06' });
      expect(pieces.join('')).toBe('Hello to you, whoever you are.');
      expect(mock.getLastRequest()?.body).toMatchObject({ model: 'gpt-4o', max_tokens: 50, temperature: 0.2 });
      expect(mock.getRequests()).toHaveLength(1);
    });

    it('gives the tool calls, with their arguments parsed', async () => {
      mock.onMessage('weather', { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"苏州"}' }] });
      const tools = [{ name: 'get_weather', description: 'Tells the weather', input: { type: 'object', properties: { city: { type: 'string' } } } }];
      const answer = await provider().complete(request('weather', { tools }), { signal: live() });
      expect(answer).toMatchObject({ status: 'answered', finishReason: 'tool_calls', toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: { city: '苏州' } }] });
      expect(mock.getLastRequest()?.body).toMatchObject({ tools: [{ type: 'function', function: { name: 'get_weather', parameters: tools[0]?.input } }] });
    });

    it('sends what tools answered in the form the vendor wants', async () => {
      mock.onToolResult('call_1', { content: 'It rains.' });
      const messages: ProviderRequest['messages'] = [
        { role: 'user', content: 'weather' },
        { role: 'assistant', content: '', toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: { city: 'Suzhou' } }] },
        { role: 'tool', content: 'rain', toolCallId: 'call_1' },
      ];
      expect(await provider().complete(request('', { messages }), { signal: live() })).toMatchObject({ text: 'It rains.' });
    });

    it('asks for a JSON Schema', async () => {
      mock.onMessage('json', { content: '{"answer":42}' });
      const schema = { type: 'object', properties: { answer: { type: 'number' } } };
      expect(await provider().complete(request('json', { schema }), { signal: live() })).toMatchObject({ text: '{"answer":42}' });
      expect(mock.getLastRequest()?.body).toMatchObject({ response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } });
    });

    it('says when the output was cut', async () => {
      mock.onMessage('long', { content: 'and so on', finishReason: 'length' });
      expect(await provider().complete(request('long'), { signal: live() })).toMatchObject({ finishReason: 'length' });
    });

    it.each([
      [401, 'model_unauthorized'],
      [404, 'model_unknown'],
      [400, 'model_request_invalid'],
      [429, 'model_rate_limited'],
      [500, 'model_unavailable'],
      [503, 'model_unavailable'],
    ])('turns HTTP %p into %s, once, for nothing, and without the key', async (status, code) => {
      mock.onMessage('x', { error: { message: `Incorrect API key provided: ${KEY}. Also sk-abcdefgh1234.`, type: 'error' }, status });
      const answer = await provider().complete(request('x'), { signal: live() });
      expect(answer).toMatchObject({ status: 'failed', failure: { code, message: expect.stringContaining(`HTTP ${status}`) }, spent: false, partialText: '' });
      expect(JSON.stringify(answer)).not.toMatch(/secret|abcdefgh/);
      expect(mock.getRequests()).toHaveLength(1);
    });

    it('tells how long the vendor wants us to wait', async () => {
      mock.onMessage('x', { error: { message: 'slow down', type: 'rate_limit' }, status: 429, retryAfter: 7 });
      expect(await provider().complete(request('x'), { signal: live() })).toMatchObject({ failure: { code: 'model_rate_limited' }, retryAfterMs: 7_000 });
    });

    it('sees that an answer is malformed, and that it may have cost', async () => {
      mock.onMessage('x', { content: 'fine' }, { chaos: { malformedRate: 1 } });
      expect(await provider().complete(request('x'), { signal: live() })).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, spent: true });
    });

    it('stops when it is told to', async () => {
      mock.onMessage('x', { content: 'late' }, { chaos: { latencyMs: 700 } });
      const stop = new AbortController();
      const answering = provider().complete(request('x'), { signal: stop.signal });
      setTimeout(() => stop.abort(), 50);
      expect(await answering).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: true });
    });
  });

  describe('against servers that differ', () => {
    const servers: Server[] = [];
    const close = () => Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
    afterEach(close);
    const serve = async (listener: RequestListener): Promise<string> => {
      const server = createServer(listener);
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const address = server.address();
      return `http://127.0.0.1:${address && typeof address === 'object' ? address.port : 0}/v1`;
    };
    const json = (body: unknown, headers: Record<string, string> = {}, status = 200): RequestListener => (_, response) => void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
    const events = (...lines: string[]): RequestListener => (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      for (const line of lines) response.write(`data: ${line}\n\n`);
      setImmediate(() => response.end());
    };
    const ask = async (listener: RequestListener, rest: Partial<ProviderRequest> = {}) =>
      createOpenAiProvider({ name: 'odd', baseUrl: await serve(listener), stream: true }).complete(request('x', rest), { signal: live() });

    it('takes an answer in one piece although pieces were asked for, and one without usage', async () => {
      expect(await ask(json({ choices: [{ message: { content: 'whole' } }] }))).toEqual({ status: 'answered', text: 'whole', finishReason: 'stop', model: 'gpt-4o' });
    });

    it('ignores usage that makes no sense', async () => {
      expect(await ask(json({ choices: [{ message: { content: 'a' } }], usage: { prompt_tokens: -3, completion_tokens: 'many' } }))).not.toHaveProperty('usage');
    });

    it('keeps what had arrived when a stream breaks off', async () => {
      const cut: RequestListener = (_, response) => {
        response.writeHead(200, { 'content-type': 'text/event-stream' });
        response.write('data: {"choices":[{"delta":{"content":"half an "}}]}\n\n', () => response.destroy());
      };
      expect(await ask(cut)).toMatchObject({ status: 'failed', failure: { code: 'model_unavailable' }, spent: true, partialText: 'half an ' });
    });

    it('does not take a stream that just ends for an answer', async () => {
      expect(await ask(events('{"choices":[{"delta":{"content":"half"}}]}'))).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, partialText: 'half' });
    });

    it('sees an error in the middle of a stream', async () => {
      expect(await ask(events('{"choices":[{"delta":{"content":"half"}}]}', '{"error":{"message":"overloaded","code":"server_error"}}'))).toMatchObject({ status: 'failed', failure: { code: 'model_unavailable' }, spent: true, partialText: 'half' });
    });

    it('sees arguments of a tool call that are no JSON', async () => {
      expect(await ask(json({ choices: [{ message: { tool_calls: [{ id: 'c', function: { name: 'f', arguments: '{"a":' } }] } }] }))).toMatchObject({ failure: { code: 'model_response_malformed' }, spent: true });
    });

    it('reads a date in retry-after', async () => {
      const at = new Date(Date.now() + 90_000).toUTCString();
      const answer = await ask(json({ error: { message: 'later' } }, { 'retry-after': at }, 503));
      expect(answer).toMatchObject({ failure: { code: 'model_unavailable' } });
      if (answer.status !== 'failed') throw new Error('answered');
      expect(answer.retryAfterMs).toBeGreaterThan(80_000);
      expect(answer.retryAfterMs).toBeLessThanOrEqual(90_000);
    });

    it('leaves a vendor whose quota is used up to the next endpoint', async () => {
      expect(await ask(json({ error: { message: 'quota', code: 'insufficient_quota' } }, {}, 429))).toMatchObject({ failure: { code: 'model_rate_limited' }, retryAfterMs: 3_600_000 });
    });

    it('knows that nothing was spent where nobody listens', async () => {
      const baseUrl = await serve(json({}));
      await close();
      const answer = await createOpenAiProvider({ name: 'gone', baseUrl, stream: true }).complete(request('x'), { signal: live() });
      expect(answer).toMatchObject({ status: 'failed', failure: { code: 'model_unavailable', message: expect.stringContaining('ECONNREFUSED') }, spent: false });
    });

    it('lists what a server serves, or takes one without a name where it does not tell', async () => {
      const served = async (listener: RequestListener) => createServedModels({ baseUrl: await serve(listener), timeoutMs: 1_000 })();
      expect(await served(json({ data: [{ id: 'llama3' }, { id: 'qwen' }] }))).toEqual(['llama3', 'qwen']);
      expect(await served(json({}, {}, 404))).toEqual(['default']);
      await expect(served(json({}, {}, 500))).rejects.toMatchObject({ failure: { code: 'model_unavailable' } });
      await expect(served(json({ nothing: 1 }))).rejects.toMatchObject({ failure: { code: 'model_response_malformed' } });
    });
  });

  describe('counting input', () => {
    const input = request('The quick brown fox. 敏捷的棕色狐狸。<|endoftext|>', { tools: [{ name: 'f', input: { type: 'object' } }] });

    it('bounds it by the vendor’s tokenizer for models of OpenAI, special tokens being text', async () => {
      const tokens = await createOpenAiProvider({ name: 'openai', stream: true }).boundInputTokens(input);
      expect(tokens).toBeGreaterThan(25);
      expect(tokens).toBeLessThan(140);
    });

    it('bounds it by bytes for all others', async () => {
      const tokens = await createOpenAiProvider({ name: 'other', baseUrl: 'http://127.0.0.1:9/v1', stream: true }).boundInputTokens(input);
      expect(tokens).toBeGreaterThan(Buffer.byteLength(input.messages[0]?.content ?? ''));
    });
  });
});
