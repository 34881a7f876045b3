import { z } from 'zod';
import { JsonRecord } from './json.js';

const Part = z.union([
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('image_url'), image_url: z.object({ url: z.string() }) }).describe('A data: URL; nothing is fetched.'),
]);
const Content = z.union([z.string(), z.array(Part)]);

const ChatToolCall = z.object({ id: z.string(), type: z.literal('function'), function: z.object({ name: z.string(), arguments: z.string().describe('JSON.') }) });

export const ChatMessage = z
  .object({
    role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
    content: Content.nullish(),
    name: z.string().optional(),
    tool_calls: z.array(ChatToolCall).optional(),
    tool_call_id: z.string().optional(),
  })
  .meta({ id: 'ChatMessage', description: 'A message of a chat completion, as OpenAI has it' });
export type ChatMessage = z.infer<typeof ChatMessage>;

/** The body of POST /v1/chat/completions. What OpenAI has beyond it and only tunes the answer (top_p, seed …) is taken and not used. */
export const ChatRequest = z
  .looseObject({
    model: z.string().min(1).max(200).describe('A model, a tier (small, medium, large), or trivet/<template>: a workflow of that template, whose goal is the last user message.'),
    messages: z.array(ChatMessage).min(1).max(1_000),
    stream: z.boolean().nullish(),
    stream_options: z.object({ include_usage: z.boolean().optional() }).nullish(),
    max_tokens: z.number().int().min(1).nullish(),
    max_completion_tokens: z.number().int().min(1).nullish(),
    temperature: z.number().min(0).max(2).nullish(),
    tools: z.array(z.object({ type: z.literal('function'), function: z.object({ name: z.string(), description: z.string().optional(), parameters: JsonRecord.optional() }) })).max(128).nullish(),
    tool_choice: z.unknown().optional(),
    response_format: z
      .union([z.object({ type: z.literal('text') }), z.object({ type: z.literal('json_object') }), z.object({ type: z.literal('json_schema'), json_schema: z.object({ schema: JsonRecord }) })])
      .nullish(),
    user: z.string().max(1_000).nullish().describe('On whose account it also goes.'),
  })
  .meta({ id: 'ChatRequest', description: 'A chat completion, as OpenAI has it' });
export type ChatRequest = z.infer<typeof ChatRequest>;
