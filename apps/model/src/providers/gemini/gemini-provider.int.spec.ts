import type { ProviderRequest } from '../provider.js';
import { at, listAt } from '../suite/dialects/dialect.js';
import { events, json, startLoopback, type Loopback, type Reply } from '../suite/loopback.js';
import { KEY, live, request } from '../suite/subjects.js';
import { contentRequest } from './content-request.js';
import { createGeminiProvider } from './gemini-provider.js';

const SCHEMA = { type: 'object', properties: { answer: { type: 'number' } } };
const candidate = (parts: object[], finishReason?: string): object => ({ candidates: [{ content: { parts, role: 'model' }, finishReason }], usageMetadata: { promptTokenCount: 5, candidatesTokenCount: 3 } });

describe('the gemini provider', () => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  beforeEach(() => void (server.requests.length = 0));

  const ask = (reply: Reply, { stream = false, rest = {} }: { stream?: boolean; rest?: Partial<ProviderRequest> } = {}) => {
    server.reply = reply;
    return createGeminiProvider({ name: 'vendor', baseUrl: `${server.url}/v1beta/`, apiKey: KEY, stream }).complete(request('hello', rest), { signal: live() });
  };
  const sent = (body: object): Reply => events([`data: ${JSON.stringify(body)}\n\n`]);

  it('takes a base URL with the version of the API, and sends the key in a header only', async () => {
    await ask(json(candidate([{ text: 'a' }], 'STOP')));
    expect(server.requests).toMatchObject([{ path: '/v1beta/models/some-model:generateContent', headers: { 'x-goog-api-key': KEY } }]);
    await ask(sent(candidate([{ text: 'a' }], 'STOP')), { stream: true });
    expect(server.requests[1]?.path).toBe('/v1beta/models/some-model:streamGenerateContent?alt=sse');
  });

  it('knows a wrong key, which the vendor calls a bad request', async () => {
    const body = { error: { code: 400, message: 'API key not valid. Please pass a valid API key.', status: 'INVALID_ARGUMENT', details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID', domain: 'googleapis.com' }] } };
    expect(await ask(json(body, { status: 400 }))).toMatchObject({ failure: { code: 'model_unauthorized' }, spent: false });
  });

  it('reads the wait in the body of an error, the header’s ruling over it', async () => {
    const body = { error: { code: 429, message: 'Quota exceeded.', status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure' }, { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '36.5s' }] } };
    expect(await ask(json(body, { status: 429 }))).toMatchObject({ failure: { code: 'model_rate_limited', message: 'Endpoint vendor answered HTTP 429: Quota exceeded.' }, retryAfterMs: 36_500 });
    expect(await ask(json(body, { status: 429, headers: { 'retry-after': '2' } }))).toMatchObject({ retryAfterMs: 2_000 });
  });

  it.each(['SAFETY', 'RECITATION', 'PROHIBITED_CONTENT', 'BLOCKLIST', 'SPII'])('says that an answer ending with %s was held back', async (reason) => {
    expect(await ask(json(candidate([{ text: 'I' }], reason)))).toMatchObject({ status: 'answered', finishReason: 'content_filter' });
  });

  it.each([true, false])('says that a question was held back, with stream: %p', async (stream) => {
    const body = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' }, usageMetadata: { promptTokenCount: 5, totalTokenCount: 5 } };
    expect(await ask(stream ? sent(body) : json(body), { stream })).toEqual({ status: 'answered', text: '', finishReason: 'content_filter', usage: { inputTokens: 5, outputTokens: 0, source: 'reported' }, model: 'some-model' });
  });

  it('sees that the model’s call of a function is broken', async () => {
    expect(await ask(json(candidate([], 'MALFORMED_FUNCTION_CALL')))).toMatchObject({ failure: { code: 'model_response_malformed' }, spent: true, usage: { inputTokens: 5, outputTokens: 3 } });
  });

  it.each([true, false])('is one request, also where the SDK would go on by itself, with stream: %p', async (stream) => {
    const body = { candidates: [{ content: { parts: [{ text: 'half' }] }, finishReason: 'CONTINUATION', continuationToken: 'dG9rZW4=' }] };
    expect(await ask(stream ? sent(body) : json(body), { stream })).toMatchObject({ status: 'answered', text: 'half', finishReason: 'length' });
    expect(server.requests).toHaveLength(1);
  });

  it('gives calls without an id one', async () => {
    const parts = [{ functionCall: { name: 'a', args: { x: 1 } } }, { functionCall: { name: 'b' } }];
    expect(await ask(json(candidate(parts, 'STOP')))).toMatchObject({ finishReason: 'tool_calls', toolCalls: [{ id: 'call_0', name: 'a', arguments: { x: 1 } }, { id: 'call_1', name: 'b', arguments: {} }] });
  });

  it('takes usage from the last piece, and none where that counts no output', async () => {
    const piece = (usageMetadata: object, finishReason?: string): string => `data: ${JSON.stringify({ candidates: [{ content: { parts: [{ text: 'a' }] }, finishReason }], usageMetadata })}\n\n`;
    expect(await ask(events([piece({ promptTokenCount: 9 }), piece({ promptTokenCount: 9, candidatesTokenCount: 2, toolUsePromptTokenCount: 4 }, 'STOP')]), { stream: true })).toMatchObject({ usage: { inputTokens: 13, outputTokens: 2 } });
    expect(await ask(events([piece({ promptTokenCount: 9 }, 'STOP')]), { stream: true })).not.toHaveProperty('usage');
  });

  it('embeds each text by itself with every model', async () => {
    server.reply = json({ embeddings: [{ values: [1] }, { values: [2] }] });
    const answer = await createGeminiProvider({ name: 'vendor', baseUrl: server.url, apiKey: KEY, stream: true }).embed?.({ model: 'gemini-embedding-2', inputs: ['a', 'b'] }, { signal: live() });
    expect(answer).toMatchObject({ status: 'answered', vectors: [[1], [2]] });
    expect(listAt(server.requests[0]?.body, 'requests').map((one) => at(one, 'content', 'parts'))).toEqual([[{ text: 'a' }], [{ text: 'b' }]]);
  });

  describe('what it sends', () => {
    it('makes a schema an instruction where functions are offered too', () => {
      const tools = [{ name: 'f', input: { type: 'object' } }];
      const { config } = contentRequest(request('x', { schema: SCHEMA, tools, messages: [{ role: 'system', content: 'Be kind.' }, { role: 'user', content: 'x' }] }));
      expect(config.systemInstruction).toBe(`Be kind.\n\nWhen you answer, answer with nothing but JSON that matches this JSON Schema: ${JSON.stringify(SCHEMA)}`);
      expect(config).not.toHaveProperty('responseJsonSchema');
    });

    it('joins turns of one side, and says that it has no thought for a call where models ask for one', () => {
      const messages: ProviderRequest['messages'] = [
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b', toolCalls: [{ id: '1', name: 'f', arguments: [1] }, { id: '2', name: 'g', arguments: {} }] },
        { role: 'tool', content: '[1]', toolCallId: '2' },
        { role: 'user', content: 'c' },
      ];
      const contents = (model: string) => contentRequest(request('', { model, messages })).contents;
      expect(contents('gemini-2.5-pro')).toEqual([
        { role: 'user', parts: [{ text: 'a' }] },
        { role: 'model', parts: [{ text: 'b' }, { functionCall: { id: '1', name: 'f', args: { value: [1] } } }, { functionCall: { id: '2', name: 'g', args: {} } }] },
        { role: 'user', parts: [{ functionResponse: { id: '2', name: 'g', response: { output: '[1]' } } }, { text: 'c' }] },
      ]);
      expect(JSON.stringify(contents('gemini-3.5-flash')).match(/thoughtSignature/g)).toHaveLength(1);
    });
  });
});
