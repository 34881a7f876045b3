import { scrubEnvironment } from '../../scrub-environment.js';
import type { ProviderRequest } from '../provider.js';
import { USAGE } from '../suite/dialects/dialect.js';
import { anthropicDialect } from '../suite/dialects/anthropic.js';
import { events, json, startLoopback, text, type Loopback, type Reply } from '../suite/loopback.js';
import { KEY, live, request } from '../suite/subjects.js';
import { createChatReader } from './chat-answer.js';
import { modelFields } from './chat-model.js';
import { createLangChainProvider, type LangChainOptions } from './langchain-provider.js';
import { emptyAnswer } from '../answer-in-progress.js';

const HELLO = json(anthropicDialect.body({ text: 'hello', end: 'stop', usage: USAGE }));

describe('the langchain provider', () => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  beforeEach(() => void (server.requests.length = 0));

  const ask = (reply: Reply, options: Partial<LangChainOptions> = {}, rest: Partial<ProviderRequest> = {}) => {
    server.reply = reply;
    return createLangChainProvider({ name: 'vendor', langchainProvider: 'anthropic', baseUrl: server.url, apiKey: KEY, stream: false, ...options }).complete(request('hello', rest), { signal: live() });
  };

  it.each([['mistralai', '@langchain/mistralai'], ['groq', '@langchain/groq'], ['bedrock', '@langchain/aws'], ['ollama', '@langchain/ollama']])('says which package %s needs', async (langchainProvider, wanted) => {
    expect(await ask(HELLO, { langchainProvider })).toEqual({
      status: 'failed',
      failure: { code: 'model_unavailable', message: `Endpoint vendor needs a package that is not installed; install it with: npm install ${wanted}`, hint: expect.any(String) },
      spent: false,
      partialText: '',
    });
    expect(server.requests).toHaveLength(0);
  });

  it('says which vendors there are, when it is none of them', async () => {
    expect(await ask(HELLO, { langchainProvider: 'gopher' })).toMatchObject({ failure: { message: expect.stringMatching(/the vendor gopher.*anthropic, .*mistralai/) }, spent: false });
  });

  it('passes on options of the vendor’s class, over which key, limits and attempts of ours rule', async () => {
    await ask(HELLO, { options: { topP: 0.5, maxRetries: 5, maxTokens: 9 } });
    expect(server.requests).toMatchObject([{ body: { top_p: 0.5, max_tokens: 50 }, headers: { 'x-api-key': KEY } }]);
    await ask(json(anthropicDialect.error(529, 'later'), { status: 529 }), { options: { maxRetries: 5 } });
    expect(server.requests).toHaveLength(2);
  });

  it('bounds the output by the option of the vendor', () => {
    const fields = (langchainProvider: string, baseUrl?: string) => modelFields({ name: 'v', langchainProvider, baseUrl, stream: true }, request('x'));
    expect(fields('groq')).toEqual({ maxTokens: 50, maxRetries: 0 });
    expect(fields('ollama', 'http://127.0.0.1:1')).toEqual({ numPredict: 50, maxRetries: 0, baseUrl: 'http://127.0.0.1:1' });
    expect(fields('openai', 'http://127.0.0.1:1')).toEqual({ maxTokens: 50, maxRetries: 0, streamUsage: true, configuration: { baseURL: 'http://127.0.0.1:1' } });
  });

  it('finds what the vendor said below an error of LangChain', async () => {
    expect(await ask(json(anthropicDialect.error(400, 'prompt is too long: 200001 tokens > 200000 maximum'), { status: 400 }))).toMatchObject({ failure: { code: 'model_request_invalid', message: expect.stringContaining('prompt is too long') }, spent: false });
    const refused = await ask(json(anthropicDialect.error(404, 'no such model'), { status: 404 }));
    expect(JSON.stringify(refused)).not.toContain('Troubleshooting');
  });

  it('reads answers of vendors that count and name things in other ways', () => {
    const answer = emptyAnswer();
    const reader = createChatReader(answer, { outputIsTotal: false });
    const piece = (rest: object) => reader.take({ content: '', tool_call_chunks: [], response_metadata: {}, additional_kwargs: {}, ...rest });
    expect(piece({ content: [{ type: 'reasoning', text: 'hm' }, { type: 'text', text: 'He' }], usage_metadata: { input_tokens: 5, output_tokens: 1, output_token_details: { reasoning: 1 } } })).toBe('He');
    piece({ content: 'llo', tool_call_chunks: [{ id: 'a', name: 'f', args: '{"x":1}' }, { id: 'b', name: 'g', args: '{}' }], usage_metadata: { input_tokens: 0, output_tokens: 2 }, response_metadata: { finishReason: 'MAX_TOKENS', model_name: 'm-1' } });
    expect(answer).toMatchObject({ text: 'Hello', finishReason: 'length', model: 'm-1', usage: { inputTokens: 5, outputTokens: 3, reasoningTokens: 1 }, toolCalls: [{ id: 'a', arguments: '{"x":1}' }, { id: 'b', arguments: '{}' }] });
  });

  describe('in an environment that wants traces sent elsewhere', () => {
    let elsewhere: Loopback;
    const before = { ...process.env };
    beforeAll(async () => {
      elsewhere = await startLoopback();
      elsewhere.reply = text('{}', 'application/json', 202);
    });
    beforeEach(() => {
      elsewhere.requests.length = 0;
      Object.assign(process.env, { LANGSMITH_TRACING: 'true', LANGCHAIN_TRACING_V2: 'true', LANGSMITH_ENDPOINT: elsewhere.url, LANGSMITH_API_KEY: 'ls', LANGSMITH_GATEWAY: elsewhere.url, LANGCHAIN_CALLBACKS_BACKGROUND: 'false', HTTPS_PROXY: elsewhere.url, http_proxy: elsewhere.url, ANTHROPIC_BASE_URL: elsewhere.url });
    });
    afterAll(async () => {
      for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
      await elsewhere.close();
    });

    it('sends none once it is scrubbed', async () => {
      expect(scrubEnvironment(process.env).sort()).toEqual(['HTTPS_PROXY', 'LANGCHAIN_CALLBACKS_BACKGROUND', 'LANGCHAIN_TRACING_V2', 'LANGSMITH_API_KEY', 'LANGSMITH_ENDPOINT', 'LANGSMITH_GATEWAY', 'LANGSMITH_TRACING', 'http_proxy']);
      process.env['LANGCHAIN_CALLBACKS_BACKGROUND'] = 'false';
      expect(await ask(HELLO)).toMatchObject({ status: 'answered' });
      expect(await ask(events(anthropicDialect.events({ text: 'hello', end: 'stop', usage: USAGE })), { stream: true })).toMatchObject({ status: 'answered' });
      expect(elsewhere.requests).toEqual([]);
    });

    it('would send them, were it not scrubbed', async () => {
      const traced = elsewhere.arrival();
      expect(await ask(HELLO)).toMatchObject({ status: 'answered' });
      await traced;
      expect(elsewhere.requests.length).toBeGreaterThan(0);
    });
  });
});
