import type { ModelMessage, ModelToolCall } from '@trivet/contracts';
import { USAGE, at, listAt } from './dialects/dialect.js';
import { startLoopback, type Loopback } from './loopback.js';
import { KEY, SUBJECTS, live, request, saying, type Subject } from './subjects.js';

const TEXT = 'Hello, 世界 🙂! It is fine.';
const WEATHER = { name: 'get_weather', description: 'Tells the weather', input: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] } };
const CALLS: ModelToolCall[] = [
  { id: 'call_1', name: 'get_weather', arguments: { city: '苏州' } },
  { id: 'call_2', name: 'get_weather', arguments: { city: 'Paris', days: [1, 2], note: 'a "quoted" \\ one' } },
];
const SCHEMA = { type: 'object', properties: { answer: { type: 'number' }, why: { type: 'string' } }, required: ['answer'] };
const usedBy = ({ seesUsageAsSent }: Subject): object => ({ inputTokens: 120, outputTokens: 30, cachedInputTokens: 100, ...(seesUsageAsSent ? { reasoningTokens: 20 } : {}), source: 'reported' });
const NONSENSE: [string, unknown, { isLostInSum: boolean }][] = [
  ['negative', -3, { isLostInSum: true }],
  ['fractional', 1.5, { isLostInSum: false }],
  ['beyond what is exact', 2 ** 53, { isLostInSum: false }],
  ['a text', '12', { isLostInSum: false }],
  ['null', null, { isLostInSum: true }],
];

describe.each(SUBJECTS)('an answer of %s', (_, subject) => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  beforeEach(() => void (server.requests.length = 0));

  async function ask(said: Parameters<typeof saying>[1], asked = request('hello')) {
    server.reply = saying(subject, said);
    const pieces: string[] = [];
    const answer = await subject.create(server.url).complete(asked, { signal: live(), onDelta: (text) => pieces.push(text) });
    const [received] = server.requests;
    if (!received) throw new Error(`nothing arrived: ${JSON.stringify(answer)}`);
    return { answer, pieces, asked: subject.dialect.read(received) };
  }

  it('has the text, the pieces, the usage and the model, of one request with our parameters', async () => {
    const { answer, pieces, asked } = await ask({ text: TEXT, end: 'stop', usage: USAGE }, request('hello', { temperature: 0.2, messages: [{ role: 'system', content: 'Be kind.' }, { role: 'user', content: 'hello' }] }));
    expect(answer).toEqual({ status: 'answered', text: TEXT, finishReason: 'stop', usage: usedBy(subject), model: 'model-as-served' });
    expect(pieces.join('')).toBe(TEXT);
    expect(pieces.length).toBeGreaterThanOrEqual(subject.stream ? 4 : 1);
    expect(asked).toMatchObject({ model: 'some-model', maxTokens: 50, temperature: 0.2, system: 'Be kind.', key: expect.stringContaining(KEY) });
    expect(server.requests).toHaveLength(1);
  });

  it('never has what the model thought', async () => {
    const { answer, pieces } = await ask({ thought: 'The user wants a greeting.', text: TEXT, end: 'stop', usage: USAGE });
    expect(answer).toMatchObject({ status: 'answered', text: TEXT, usage: usedBy(subject) });
    expect(pieces.join('')).toBe(TEXT);
  });

  it('says why it ended', async () => {
    expect((await ask({ text: 'and so on', end: 'length', usage: USAGE })).answer).toMatchObject({ status: 'answered', text: 'and so on', finishReason: 'length' });
    expect((await ask({ text: 'I', end: 'content_filter', usage: USAGE })).answer).toMatchObject({ status: 'answered', finishReason: 'content_filter' });
  });

  it('has the tool calls with their arguments, and offers the tools', async () => {
    const { answer, asked } = await ask({ text: 'Let me see.', toolCalls: CALLS, end: 'tool_calls', usage: USAGE }, request('weather', { tools: [WEATHER] }));
    expect(answer).toMatchObject({ status: 'answered', text: 'Let me see.', finishReason: 'tool_calls', toolCalls: CALLS });
    expect(asked.tools).toEqual(OFFERED[subject.vendor]);
    expect((await ask({ toolCalls: [{ id: 'call_1', name: 'now', arguments: {} }], end: 'tool_calls', usage: USAGE })).answer).toMatchObject({ text: '', toolCalls: [{ id: 'call_1', name: 'now', arguments: {} }] });
  });

  it('follows what tools gave, in the form the vendor wants', async () => {
    const messages: ModelMessage[] = [
      { role: 'system', content: 'Be kind.' },
      { role: 'user', content: 'weather' },
      { role: 'assistant', content: '', toolCalls: CALLS },
      { role: 'tool', content: 'rain', toolCallId: 'call_1' },
      { role: 'tool', content: '{"sun":true}', toolCallId: 'call_2' },
    ];
    const { answer, asked } = await ask({ text: 'It rains.', end: 'stop', usage: USAGE }, request('', { messages, tools: [WEATHER] }));
    expect(answer).toMatchObject({ status: 'answered', text: 'It rains.' });
    expect(asked.turns).toEqual(TURNS[subject.vendor]);
  });

  it('shows the model images in the vendor’s form', async () => {
    const messages: ModelMessage[] = [{ role: 'user', content: 'What is this?', images: [{ mediaType: 'image/png', data: 'iVBORw0KGgo=' }] }];
    const { answer, asked } = await ask({ text: 'A cat.', end: 'stop', usage: USAGE }, request('', { messages }));
    expect(answer).toMatchObject({ status: 'answered', text: 'A cat.' });
    expect(asked.images).toEqual([IMAGES[subject.vendor]]);
    expect(JSON.stringify(asked.turns)).toContain('What is this?');
  });

  it('is the JSON text when a schema is given', async () => {
    const value = { answer: 42, why: 'because' };
    const usesTool = subject.vendor === 'anthropic' || subject.vendor === 'langchain';
    const said = usesTool ? { toolCalls: [{ id: 'toolu_1', name: 'answer', arguments: value }], end: 'tool_calls' as const, usage: USAGE } : { text: JSON.stringify(value), end: 'stop' as const, usage: USAGE };
    const { answer, pieces, asked } = await ask(said, request('json', { schema: SCHEMA }));
    expect(answer).toEqual({ status: 'answered', text: JSON.stringify(value), finishReason: 'stop', usage: usedBy(subject), model: 'model-as-served' });
    expect(pieces.join('')).toBe(JSON.stringify(value));
    expect(asked.schema).toEqual(SCHEMA);
  });

  describe('when the vendor reports no usage that makes sense', () => {
    it('leaves it to the caller to estimate', async () => {
      const { answer } = await ask({ text: 'Hi', end: 'stop', usage: null });
      // LangChain's class for this vendor trips over a stream without usage.
      if (!subject.seesUsageAsSent && subject.stream) return expect(answer).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, spent: true });
      expect(answer).toMatchObject({ status: 'answered', text: 'Hi' });
      expect(answer).not.toHaveProperty('usage');
    });

    it.each(NONSENSE.filter(([, , { isLostInSum }]) => subject.seesUsageAsSent || !isLostInSum))('ignores a count that is %s', async (_name, count) => {
      for (const field of ['input', 'output'] as const) {
        server.reply = withCount(subject, field, count);
        const answer = await subject.create(server.url).complete(request('hello'), { signal: live() });
        expect(answer).toMatchObject({ status: 'answered', text: 'Hi' });
        expect(answer).not.toHaveProperty('usage');
      }
    });
  });
});

/** An answer whose usage has one count replaced, wherever the vendor writes it. */
function withCount(subject: Subject, field: 'input' | 'output', count: unknown): Loopback['reply'] {
  const names = { input: /"(input_tokens|prompt_tokens|promptTokenCount)":\d+/g, output: /"(output_tokens|completion_tokens|candidatesTokenCount)":\d+/g };
  return (response, received) => {
    const write = response.write.bind(response);
    const end = response.end.bind(response);
    const spoil = (chunk: unknown): string => String(chunk).replace(names[field], (_, name: string) => `"${name}":${JSON.stringify(count)}`);
    response.write = (chunk: unknown, done?: unknown) => write(spoil(chunk), typeof done === 'function' ? () => void done() : undefined);
    response.end = (chunk?: unknown) => (chunk === undefined ? end() : end(spoil(chunk)));
    saying(subject, { text: 'Hi', end: 'stop', usage: USAGE })(response, received);
  };
}

const anthropicTool = { name: 'get_weather', description: 'Tells the weather', input_schema: WEATHER.input };
const OFFERED = {
  openai: [{ type: 'function', function: { name: 'get_weather', description: 'Tells the weather', parameters: WEATHER.input } }],
  anthropic: [anthropicTool],
  langchain: [anthropicTool],
  gemini: [{ functionDeclarations: [{ name: 'get_weather', description: 'Tells the weather', parametersJsonSchema: WEATHER.input }] }],
};

const anthropicTurns = [
  { role: 'user', content: 'weather' },
  { role: 'assistant', content: CALLS.map(({ id, name, arguments: input }) => ({ type: 'tool_use', id, name, input })) },
  { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'rain' }, { type: 'tool_result', tool_use_id: 'call_2', content: '{"sun":true}' }] },
];
const TURNS = {
  openai: [
    { role: 'user', content: 'weather' },
    { role: 'assistant', content: '', tool_calls: CALLS.map(({ id, name, arguments: input }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } })) },
    { role: 'tool', content: 'rain', tool_call_id: 'call_1' },
    { role: 'tool', content: '{"sun":true}', tool_call_id: 'call_2' },
  ],
  anthropic: anthropicTurns,
  langchain: anthropicTurns,
  gemini: [
    { role: 'user', parts: [{ text: 'weather' }] },
    { role: 'model', parts: CALLS.map(({ id, name, arguments: args }) => ({ functionCall: { id, name, args } })) },
    { role: 'user', parts: [{ functionResponse: { id: 'call_1', name: 'get_weather', response: { output: 'rain' } } }, { functionResponse: { id: 'call_2', name: 'get_weather', response: { sun: true } } }] },
  ],
};

const anthropicImage = { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } };
const IMAGES = {
  openai: { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } },
  anthropic: anthropicImage,
  langchain: anthropicImage,
  gemini: { inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } },
};

describe('the suite itself', () => {
  it('reads what it looks at', () => {
    expect([at({ a: [{ b: 1 }] }, 'a', -1, 'b'), listAt({ a: 1 }, 'a'), at(null, 'a')]).toEqual([1, [], undefined]);
  });
});
