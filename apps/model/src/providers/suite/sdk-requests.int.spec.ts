import { Anthropic } from '@anthropic-ai/sdk';
import { GoogleGenAI } from '@google/genai';
import type { JsonObject, ModelMessage } from '@trivet/contracts';
import OpenAI from 'openai';
import type { ProviderRequest } from '../provider.js';
import { startLoopback, text, type Loopback, type Received } from './loopback.js';
import { KEY, SUBJECTS, live, type Subject } from './subjects.js';

const SCHEMA: JsonObject = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
const IMAGE = 'iVBORw0KGgo=';
const MESSAGES: ModelMessage[] = [
  { role: 'system', content: 'Be kind.' },
  { role: 'user', content: 'What is this?', images: [{ mediaType: 'image/png', data: IMAGE }] },
  { role: 'assistant', content: 'Let me see.', toolCalls: [{ id: 'call_1', name: 'look', arguments: { city: 'Suzhou' } }] },
  { role: 'tool', content: 'rain', toolCallId: 'call_1' },
];
const WITH_TOOLS: ProviderRequest = { model: 'some-model', messages: MESSAGES, maxTokens: 50, temperature: 0.5, tools: [{ name: 'look', description: 'Looks', input: SCHEMA }] };
const WITH_SCHEMA: ProviderRequest = { model: 'some-model', messages: [{ role: 'user', content: 'x' }], maxTokens: 50, schema: SCHEMA };

/** What somebody writes who uses the vendor's SDK by its documentation, for the same two requests. */
const BY_HAND: Record<'openai' | 'anthropic' | 'gemini', (url: string, stream: boolean) => Record<'tools' | 'schema', () => Promise<unknown>>> = {
  openai: (url, stream) => {
    const client = new OpenAI({ apiKey: KEY, baseURL: `${url}/v1`, maxRetries: 0 });
    const manner = stream ? { stream: true as const, stream_options: { include_usage: true } } : {};
    return {
      tools: () =>
        client.chat.completions.create({
          model: 'some-model',
          max_tokens: 50,
          temperature: 0.5,
          messages: [
            { role: 'system', content: 'Be kind.' },
            { role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image_url', image_url: { url: `data:image/png;base64,${IMAGE}` } }] },
            { role: 'assistant', content: 'Let me see.', tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'look', arguments: '{"city":"Suzhou"}' } }] },
            { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
          ],
          tools: [{ type: 'function', function: { name: 'look', description: 'Looks', parameters: SCHEMA } }],
          ...manner,
        }),
      schema: () => client.chat.completions.create({ model: 'some-model', max_tokens: 50, messages: [{ role: 'user', content: 'x' }], response_format: { type: 'json_schema', json_schema: { name: 'answer', schema: SCHEMA } }, ...manner }),
    };
  },
  anthropic: (url, stream) => {
    const client = new Anthropic({ apiKey: KEY, baseURL: url, maxRetries: 0 });
    const inputSchema = { type: 'object' as const, properties: SCHEMA['properties'], required: ['city'] };
    return {
      tools: () =>
        client.messages.create({
          model: 'some-model',
          max_tokens: 50,
          temperature: 0.5,
          system: 'Be kind.',
          messages: [
            { role: 'user', content: [{ type: 'text', text: 'What is this?' }, { type: 'image', source: { type: 'base64', media_type: 'image/png', data: IMAGE } }] },
            { role: 'assistant', content: [{ type: 'text', text: 'Let me see.' }, { type: 'tool_use', id: 'call_1', name: 'look', input: { city: 'Suzhou' } }] },
            { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'call_1', content: 'rain' }] },
          ],
          tools: [{ name: 'look', description: 'Looks', input_schema: inputSchema }],
          stream,
        }),
      schema: () => client.messages.create({ model: 'some-model', max_tokens: 50, messages: [{ role: 'user', content: 'x' }], tools: [{ name: 'answer', description: 'Gives the answer. Call it with the whole answer.', input_schema: inputSchema }], tool_choice: { type: 'tool', name: 'answer' }, stream }),
    };
  },
  gemini: (url, stream) => {
    const { models } = new GoogleGenAI({ apiKey: KEY, vertexai: false, httpOptions: { baseUrl: url, fetch: (at, init) => fetch(at, init) } });
    const generate: typeof models.generateContentStream | typeof models.generateContent = stream ? models.generateContentStream : models.generateContent;
    return {
      tools: () =>
        generate({
          model: 'some-model',
          contents: [
            { role: 'user', parts: [{ text: 'What is this?' }, { inlineData: { mimeType: 'image/png', data: IMAGE } }] },
            { role: 'model', parts: [{ text: 'Let me see.' }, { functionCall: { id: 'call_1', name: 'look', args: { city: 'Suzhou' } } }] },
            { role: 'user', parts: [{ functionResponse: { id: 'call_1', name: 'look', response: { output: 'rain' } } }] },
          ],
          config: { systemInstruction: 'Be kind.', maxOutputTokens: 50, temperature: 0.5, tools: [{ functionDeclarations: [{ name: 'look', description: 'Looks', parametersJsonSchema: SCHEMA }] }] },
        }),
      schema: () => generate({ model: 'some-model', contents: [{ role: 'user', parts: [{ text: 'x' }] }], config: { maxOutputTokens: 50, responseMimeType: 'application/json', responseJsonSchema: SCHEMA } }),
    };
  },
};

/** Headers a vendor decides by; the others say which library sent it. */
const SIGNIFICANT = ['authorization', 'x-api-key', 'anthropic-version', 'anthropic-beta', 'x-goog-api-key', 'content-type'];

/**
 * Differences that mean the same:
 * - `stream: false`, which we write and which is the default of every vendor;
 * - by LangChain: `tool_choice: any` with the one tool there is, for `tool_choice: tool` with its name.
 */
function meaningOf({ method, path, headers, body }: Received): object {
  const { stream, tool_choice, ...rest } = body;
  const isForced = tool_choice !== undefined && Array.isArray(rest['tools']) && rest['tools'].length === 1;
  return {
    method,
    path,
    headers: Object.fromEntries(SIGNIFICANT.flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]]))),
    body: { ...rest, ...(stream === true ? { stream } : {}), ...(tool_choice === undefined ? {} : { tool_choice: isForced ? 'the only tool' : tool_choice }) },
  };
}

describe.each(SUBJECTS)('a request of %s', (_, subject: Subject) => {
  let server: Loopback;
  beforeAll(async () => {
    server = await startLoopback();
    server.reply = text('{}', 'application/json', 418);
  });
  afterAll(() => server.close());

  it.each([['tools', WITH_TOOLS], ['schema', WITH_SCHEMA]] as const)('is what the vendor’s SDK sends for the same, with %s', async (what, asked) => {
    server.requests.length = 0;
    const byHand = BY_HAND[subject.vendor === 'langchain' ? 'anthropic' : subject.vendor](server.url, subject.stream);
    await byHand[what]().catch(() => undefined);
    await subject.create(server.url).complete(asked, { signal: live() });
    const [expected, ours] = server.requests;
    if (!expected || !ours) throw new Error(`${server.requests.length} requests arrived`);
    expect(meaningOf(ours)).toEqual(meaningOf(expected));
  });
});
