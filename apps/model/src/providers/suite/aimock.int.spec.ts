import { LLMock } from '@copilotkit/aimock';
import type { ModelMessage } from '@trivet/contracts';
import { KEY, SUBJECTS, live, request } from './subjects.js';

/** The wire formats once more, as somebody else wrote them: a mistake of ours in both adapter and dialect shows here. */
describe.each(SUBJECTS)('%s, against aimock', (_, subject) => {
  const mock = new LLMock({ port: 0 });
  beforeAll(() => mock.start());
  afterAll(() => mock.stop());
  afterEach(() => void mock.reset());
  const ask = async (...[content, rest]: Parameters<typeof request>) => {
    const pieces: string[] = [];
    const answer = await subject.create(mock.url, KEY).complete(request(content, rest), { signal: live(), onDelta: (text) => pieces.push(text) });
    return { answer, pieces: pieces.join('') };
  };

  it('answers, with pieces that are the text', async () => {
    mock.onMessage('hello', { content: 'Hello to you, 世界.', reasoning: 'A greeting.' });
    const { answer, pieces } = await ask('hello');
    expect(answer).toMatchObject({ status: 'answered', text: 'Hello to you, 世界.', finishReason: 'stop' });
    expect(pieces).toBe('Hello to you, 世界.');
    expect(mock.getRequests()).toHaveLength(1);
  });

  it('calls tools, and goes on with what they gave', async () => {
    const tools = [{ name: 'get_weather', description: 'Tells the weather', input: { type: 'object', properties: { city: { type: 'string' } } } }];
    mock.onMessage('weather', { toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: '{"city":"苏州"}' }] });
    const { answer } = await ask('weather', { tools });
    expect(answer).toMatchObject({ status: 'answered', finishReason: 'tool_calls', toolCalls: [{ name: 'get_weather', arguments: { city: '苏州' } }] });
    mock.reset();
    mock.on({ predicate: ({ messages }) => messages.at(-1)?.role === 'tool' }, { content: 'It rains.' });
    const messages: ModelMessage[] = [
      { role: 'user', content: 'weather' },
      { role: 'assistant', content: '', toolCalls: [{ id: 'call_1', name: 'get_weather', arguments: { city: 'Suzhou' } }] },
      { role: 'tool', content: 'rain', toolCallId: 'call_1' },
    ];
    expect((await ask('', { messages, tools })).answer).toMatchObject({ status: 'answered', text: 'It rains.' });
  });

  it('says when the output was cut, and what is refused', async () => {
    mock.onMessage('long', { content: 'and so on', finishReason: 'length' });
    expect((await ask('long')).answer).toMatchObject({ finishReason: 'length' });
    mock.onMessage('x', { error: { message: 'slow down', type: 'rate_limit' }, status: 429, retryAfter: 7 });
    expect((await ask('x')).answer).toMatchObject({ status: 'failed', failure: { code: 'model_rate_limited' }, spent: false, retryAfterMs: 7_000 });
  });
});
