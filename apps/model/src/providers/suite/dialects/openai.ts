import { at, listAt, piecesOf, type Counted, type Dialect, type Said } from './dialect.js';

const END = { stop: 'stop', length: 'length', tool_calls: 'tool_calls', content_filter: 'content_filter' } as const;

const usage = ({ input, cached, output, reasoning }: Counted): Record<string, unknown> => ({
  prompt_tokens: input,
  completion_tokens: output,
  total_tokens: input + output,
  prompt_tokens_details: { cached_tokens: cached, audio_tokens: 0 },
  completion_tokens_details: { reasoning_tokens: reasoning, audio_tokens: 0, accepted_prediction_tokens: 0, rejected_prediction_tokens: 0 },
});

const callsOf = ({ toolCalls }: Said): object[] | undefined => toolCalls?.map(({ id, name, arguments: input }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(input) } }));

const event = (choices: unknown[], rest: object = {}): string =>
  `data: ${JSON.stringify({ id: 'chatcmpl-1', object: 'chat.completion.chunk', created: 1_700_000_000, model: 'model-as-served', choices, ...rest })}\n\n`;

/** Chat Completions (platform.openai.com/docs/api-reference/chat). */
export const openAiDialect: Dialect = {
  body: (said) => ({
    id: 'chatcmpl-1',
    object: 'chat.completion',
    created: 1_700_000_000,
    model: 'model-as-served',
    choices: [{ index: 0, message: { role: 'assistant', content: said.text ?? null, reasoning_content: said.thought, refusal: null, tool_calls: callsOf(said) }, logprobs: null, finish_reason: END[said.end] }],
    ...(said.usage ? { usage: usage(said.usage) } : {}),
  }),
  events: (said) => [
    event([{ index: 0, delta: { role: 'assistant', content: said.text === undefined ? null : '', refusal: null }, finish_reason: null }]),
    // Where compatible servers put what the model thinks.
    ...piecesOf(said.thought ?? '').map((thought) => event([{ index: 0, delta: { reasoning_content: thought }, finish_reason: null }])),
    ...piecesOf(said.text ?? '').map((content) => event([{ index: 0, delta: { content }, finish_reason: null }])),
    ...(said.toolCalls ?? []).flatMap(({ id, name, arguments: input }, index) => [
      event([{ index: 0, delta: { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] }, finish_reason: null }]),
      ...piecesOf(JSON.stringify(input)).map((piece) => event([{ index: 0, delta: { tool_calls: [{ index, function: { arguments: piece } }] }, finish_reason: null }])),
    ]),
    event([{ index: 0, delta: {}, finish_reason: END[said.end] }]),
    ...(said.usage ? [event([], { usage: usage(said.usage) })] : []),
    'data: [DONE]\n\n',
  ],
  withUsage: (body, given) => ({ ...Object(body), usage: given }),
  usage,
  error: (status, message) => ({ error: { message, type: status === 429 ? 'requests' : 'invalid_request_error', param: null, code: null } }),
  empty: [{}, { choices: [] }, { choices: [{ index: 0 }] }, { object: 'error', message: 'no' }],
  read: ({ body, headers }) => {
    const messages = listAt(body, 'messages');
    return {
      model: body['model'],
      maxTokens: body['max_tokens'] ?? body['max_completion_tokens'],
      temperature: body['temperature'],
      system: messages.filter((message) => at(message, 'role') === 'system').map((message) => at(message, 'content')).join('\n\n'),
      images: listAt(messages.at(-1), 'content').filter((part) => at(part, 'type') === 'image_url'),
      tools: body['tools'],
      turns: messages.filter((message) => at(message, 'role') !== 'system'),
      schema: at(body, 'response_format', 'json_schema', 'schema'),
      key: headers.authorization,
    };
  },
};
