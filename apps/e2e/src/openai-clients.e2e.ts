import { startScriptedVendor, startStack, until, type ScriptedVendor, type Stack } from '@trivet/testing';
import type { Account, Page, Workflow } from '@trivet/contracts';
import OpenAI from 'openai';

/** The vendor of OpenAI's wire format behind the stack, and a client of the same in front of it. */
describe('a client of OpenAI', () => {
  let vendor: ScriptedVendor;
  let stack: Stack;
  let client: OpenAI;
  beforeAll(async () => {
    vendor = await startScriptedVendor(({ messages, tools }) => {
      const asked = messages.at(-1)?.content ?? '';
      if (asked.includes('keep-me-waiting')) return { delayMs: 120_000, text: 'too late' };
      if (asked.includes('refuse-me')) return { status: 400 };
      if (tools && messages.at(-1)?.role === 'user') return { toolCalls: [{ id: 'call_1', name: 'weather', arguments: { city: 'Bern' } }] };
      if (asked.includes('as JSON')) return { text: '{"city":"Bern"}' };
      return { text: `you said: ${asked}` };
    });
    stack = await startStack({ environment: { OPENAI_BASE_URL: vendor.url, OPENAI_API_KEY: 'sk-none' } });
    client = new OpenAI({ baseURL: `${stack.url}/v1`, apiKey: 'none' });
  });
  afterAll(async () => {
    await stack.stop();
    await vendor.stop();
  });

  const user = (content: string) => [{ role: 'user', content }] satisfies OpenAI.ChatCompletionMessageParam[];
  const refusal = async (asked: Promise<unknown>): Promise<InstanceType<typeof OpenAI.APIError>> => {
    const error = await asked.then(() => new Error('it was answered'), (thrown: unknown) => thrown);
    if (error instanceof OpenAI.APIError) return error;
    throw error;
  };

  it('lists what there is: models, tiers and templates', async () => {
    const ids: string[] = [];
    for await (const model of client.models.list()) ids.push(model.id);
    expect(ids).toEqual(expect.arrayContaining(['scripted', 'small', 'medium', 'large', 'trivet/research']));
  });

  it('gets an answer from a workflow, with what the ledger charged', async () => {
    const { data, response } = await client.chat.completions.create({ model: 'scripted', messages: [{ role: 'developer', content: 'be brief' }, ...user('hello {{ secret }}')], max_tokens: 50, user: 'ann@example.org' }).withResponse();
    const workflowId = response.headers.get('x-workflow-id') ?? '';
    expect(data).toMatchObject({ id: `chatcmpl-${workflowId}`, object: 'chat.completion', model: 'scripted', choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'you said: hello {{ secret }}' } }], usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } });
    expect(vendor.requests.at(-1)).toMatchObject({ max_tokens: 50, messages: [{ role: 'system', content: 'be brief' }, { role: 'user', content: 'hello {{ secret }}' }] });
    expect(await stack.get<Workflow>(`/api/v1/workflows/${workflowId}`)).toMatchObject({ status: 'completed', goal: 'hello {{ secret }}', budget: { usedTokens: 15 } });
    const users = await stack.get<Page<Account>>('/api/v1/budgets?scope=user');
    expect(users.items).toEqual([expect.objectContaining({ account: expect.stringMatching(/^user\/u-[0-9a-f]{32}$/) })]);
  });

  it('gets it in pieces', async () => {
    const stream = await client.chat.completions.create({ model: 'medium', messages: user('in pieces'), stream: true, stream_options: { include_usage: true } });
    let text = '';
    let finish: string | null = null;
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.delta.content ?? '';
      finish = chunk.choices[0]?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    expect({ text, finish, usage }).toEqual({ text: 'you said: in pieces', finish: 'stop', usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 } });
  });

  it('is told which of its tools to call, whole and in pieces, and gives their answers back', async () => {
    const tools = [{ type: 'function', function: { name: 'weather', description: 'Of a city', parameters: { type: 'object', properties: { city: { type: 'string' } } } } }] satisfies OpenAI.ChatCompletionTool[];
    const first = await client.chat.completions.create({ model: 'scripted', messages: user('the weather?'), tools });
    const [choice] = first.choices;
    expect(choice).toMatchObject({ finish_reason: 'tool_calls', message: { content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Bern"}' } }] } });
    if (!choice) throw new Error('there is no choice');
    const second = await client.chat.completions.create({ model: 'scripted', messages: [...user('the weather?'), choice.message, { role: 'tool', tool_call_id: 'call_1', content: 'sun' }], tools });
    expect(second.choices[0]?.message.content).toBe('you said: sun');
    const runner = client.chat.completions.stream({ model: 'scripted', messages: user('the weather?'), tools });
    expect((await runner.finalChatCompletion()).choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { tool_calls: [{ id: 'call_1', function: { name: 'weather', arguments: '{"city":"Bern"}' } }] } });
  });

  it('gets JSON of the schema it gives', async () => {
    const schema = { type: 'object', required: ['city'], properties: { city: { type: 'string' } } };
    const { choices } = await client.chat.completions.create({ model: 'scripted', messages: user('a city as JSON'), response_format: { type: 'json_schema', json_schema: { name: 'city', schema } } });
    expect(JSON.parse(choices[0]?.message.content ?? '')).toEqual({ city: 'Bern' });
  });

  it('runs a whole template', async () => {
    const { data, response } = await client.chat.completions.create({ model: 'trivet/research', messages: user('Nimbus Robotics') }).withResponse();
    expect(data.choices[0]?.message.content).toContain('you said: ');
    expect(data.usage?.total_tokens).toBeGreaterThan(15);
    expect(await stack.get<Workflow>(`/api/v1/workflows/${response.headers.get('x-workflow-id') ?? ''}`)).toMatchObject({ status: 'completed', template: 'research', goal: 'Nimbus Robotics' });
  });

  it.each<[string, object, object]>([
    ['a model there is not', { model: 'gpt-none' }, { status: 404, code: 'model_not_found', param: 'model', type: 'invalid_request_error' }],
    ['a template there is not', { model: 'trivet/none' }, { status: 404, code: 'model_not_found' }],
    ['no messages', { messages: [] }, { status: 400, code: 'invalid_request', param: 'messages' }],
    ['several answers', { n: 2 }, { status: 400, param: 'n' }],
    ['a forced tool', { tool_choice: 'required' }, { status: 400, param: 'tool_choice' }],
    ['an image to fetch', { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'http://10.0.0.1/x.png' } }] }] }, { status: 400, param: 'messages.0.content' }],
    ['what the vendor refuses', { messages: user('refuse-me') }, { status: 400, code: 'model_request_invalid' }],
  ])('is refused %s in the shape it knows', async (_what, rest, expected) => {
    const body = { model: 'scripted', messages: user('hi'), ...rest } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    const error = await refusal(client.chat.completions.create(body, { maxRetries: 0 }));
    expect({ status: error.status, code: error.code, param: error.param, type: error.type, message: error.message }).toMatchObject({ type: 'invalid_request_error', message: expect.stringMatching(/./), ...expected });
  });

  it('hears of a failure also in the middle of a stream', async () => {
    const stream = await client.chat.completions.create({ model: 'scripted', messages: user('refuse-me'), stream: true });
    const error = await refusal((async () => {
      for await (const chunk of stream) expect(chunk.choices[0]?.delta.content ?? '').toBe('');
    })());
    expect(error.code).toBe('model_request_invalid');
  });

  it.each([true, false])('that goes away (stream: %s) cancels its workflow', async (stream) => {
    const asked = vendor.requests.length;
    const controller = new AbortController();
    const body = { model: 'scripted', messages: user(`keep-me-waiting, stream ${stream}`), stream } as OpenAI.ChatCompletionCreateParamsNonStreaming;
    const answer = client.chat.completions.create(body, { signal: controller.signal, maxRetries: 0 }).catch((error: unknown) => error);
    await until(() => vendor.requests.length > asked, 20_000, () => stack.logs());
    controller.abort();
    await answer;
    const goal = encodeURIComponent(`keep-me-waiting, stream ${stream}`);
    await until(async () => (await stack.get<Page<Workflow>>(`/api/v1/workflows?q=${goal}&status=cancelled`)).items.length === 1, 20_000, () => stack.logs());
  });

  it('of another tenant finds nothing of it', async () => {
    const { response } = await client.chat.completions.create({ model: 'scripted', messages: user('mine') }, { headers: { 'X-Trivet-Tenant': 'acme' } }).withResponse();
    const id = response.headers.get('x-workflow-id') ?? '';
    expect((await fetch(`${stack.url}/api/v1/workflows/${id}`)).status).toBe(404);
    expect((await stack.get<Workflow>(`/api/v1/workflows/${id}`, { tenant: 'acme' })).status).toBe('completed');
  });
});
