import { at, listAt, piecesOf, type Counted, type Dialect, type Said } from './dialect.js';

const END = { stop: 'end_turn', length: 'max_tokens', tool_calls: 'tool_use', content_filter: 'refusal' } as const;

/** What is cached is not part of this vendor's input. */
const usage = ({ input, cached, output, reasoning }: Counted): Record<string, unknown> => ({
  input_tokens: input - cached,
  cache_read_input_tokens: cached,
  cache_creation_input_tokens: 0,
  output_tokens: output,
  output_tokens_details: { thinking_tokens: reasoning },
  service_tier: 'standard',
});

interface Block {
  type: string;
  [field: string]: unknown;
}

function blocksOf({ text, thought, toolCalls = [] }: Said): Block[] {
  return [
    ...(thought === undefined ? [] : [{ type: 'thinking', thinking: thought, signature: 'c2ln' }, { type: 'redacted_thinking', data: 'c2VjcmV0' }]),
    ...(text === undefined ? [] : [{ type: 'text', text, citations: null }]),
    ...toolCalls.map(({ id, name, arguments: input }) => ({ type: 'tool_use', id, name, input })),
  ];
}

const event = (type: string, data: object = {}): string => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;

function blockEvents(block: Block, index: number, firstThought: string): string[] {
  const delta = (type: string, field: string, piece: string): string => event('content_block_delta', { index, delta: { type, [field]: piece } });
  const stop = event('content_block_stop', { index });
  const start = (content_block: object): string => event('content_block_start', { index, content_block });
  switch (block.type) {
    case 'text':
      return [start({ type: 'text', text: '' }), ...piecesOf(String(block['text'])).map((piece) => delta('text_delta', 'text', piece)), stop];
    case 'thinking':
      return [start({ type: 'thinking', thinking: firstThought, signature: '' }), ...piecesOf(String(block['thinking'])).map((piece) => delta('thinking_delta', 'thinking', piece)), delta('signature_delta', 'signature', 'c2ln'), stop];
    case 'tool_use':
      return [start({ ...block, input: {} }), delta('input_json_delta', 'partial_json', ''), ...piecesOf(JSON.stringify(block['input'])).map((piece) => delta('input_json_delta', 'partial_json', piece)), stop];
    default:
      return [start(block), stop];
  }
}

/**
 * Messages (docs.anthropic.com/en/api/messages, …/streaming). `firstThought`: what is in the event that opens a thought;
 * nothing at the vendor, the first piece at some that copy the protocol.
 */
export const anthropicDialectWith = ({ firstThought }: { firstThought: string }): Dialect => ({
  body: (said) => ({
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'model-as-served',
    content: blocksOf(said),
    stop_reason: END[said.end],
    stop_sequence: null,
    ...(said.usage ? { usage: usage(said.usage) } : {}),
  }),
  events: (said) => {
    const counted = said.usage ? usage(said.usage) : undefined;
    return [
      // The first count of the output is a beginning, and not a part of the last one.
      event('message_start', { message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'model-as-served', content: [], stop_reason: null, stop_sequence: null, ...(counted ? { usage: { ...counted, output_tokens: 3, output_tokens_details: null } } : {}) } }),
      event('ping'),
      ...blocksOf(said).flatMap((block, index) => blockEvents(block, index, firstThought)),
      event('message_delta', { delta: { stop_reason: END[said.end], stop_sequence: null }, ...(said.usage ? { usage: { output_tokens: said.usage.output, output_tokens_details: { thinking_tokens: said.usage.reasoning } } } : {}) }),
      event('message_stop'),
    ];
  },
  withUsage: (body, given) => ({ ...Object(body), usage: given }),
  usage,
  error: (status, message) => ({ type: 'error', error: { type: status === 529 ? 'overloaded_error' : 'invalid_request_error', message }, request_id: 'req_1' }),
  empty: [{}, { type: 'message' }, { type: 'error', error: { type: 'api_error', message: 'no' } }, { content: 'text' }],
  read: ({ body, headers }) => {
    const last = listAt(body, 'messages').at(-1);
    return {
      model: body['model'],
      maxTokens: body['max_tokens'],
      temperature: body['temperature'],
      system: body['system'],
      images: listAt(last, 'content').filter((part) => at(part, 'type') === 'image'),
      tools: body['tools'],
      turns: body['messages'],
      schema: body['tool_choice'] === undefined ? undefined : at(listAt(body, 'tools').find((tool) => at(tool, 'name') === (at(body, 'tool_choice', 'name') ?? 'answer')), 'input_schema'),
      key: headers['x-api-key'],
    };
  },
});

export const anthropicDialect = anthropicDialectWith({ firstThought: 'Hm. ' });
