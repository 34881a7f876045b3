import { z } from 'zod';
import { FAILURE_CODES } from './failure.js';
import { Identifier } from './identifier.js';
import { Json, JsonRecord } from './json.js';

export const TIERS = ['small', 'medium', 'large'] as const;

export const ModelToolCall = z
  .object({ id: z.string(), name: z.string(), arguments: Json })
  .meta({ id: 'ModelToolCall', description: 'A tool the model wants called' });
export type ModelToolCall = z.infer<typeof ModelToolCall>;

/** Formats of images that all vendors take. */
export const IMAGE_TYPES = ['image/png', 'image/jpeg', 'image/webp', 'image/gif'] as const;

export const ModelImage = z
  .strictObject({
    mediaType: z.enum(IMAGE_TYPES),
    data: z.base64().max(10_000_000).describe('The bytes in base64; at most 10,000,000 characters.'),
  })
  .meta({ id: 'ModelImage', description: 'An image for models that look at images' });
export type ModelImage = z.infer<typeof ModelImage>;

export const ModelMessage = z
  .strictObject({
    role: z.enum(['system', 'user', 'assistant', 'tool']),
    content: z.string().max(4_000_000),
    images: z.array(ModelImage).max(16).optional().describe('Of a user message: what the model is to look at, after the text.'),
    name: z.string().optional(),
    toolCallId: z.string().optional().describe('Of a tool message: which call it answers.'),
    toolCalls: z.array(ModelToolCall).optional().describe('Of an assistant message: what it wanted called.'),
  })
  .meta({ id: 'ModelMessage', description: 'One message of a conversation' });
export type ModelMessage = z.infer<typeof ModelMessage>;

export const ModelTool = z
  .strictObject({ name: Identifier, description: z.string().optional(), input: JsonRecord.describe('JSON Schema of its arguments.') })
  .meta({ id: 'ModelTool', description: 'A tool offered to the model' });
export type ModelTool = z.infer<typeof ModelTool>;

/** A prompt by name, and optionally by version or label: `report`, `report@3`, `report@production`. */
export const PROMPT_REFERENCE = /^[A-Za-z0-9_-]{1,64}(@[A-Za-z0-9_-]{1,64})?$/;

/** Texts that one call may have embedded. */
export const MOST_EMBED_TEXTS = 256;

/** What a model step asks for: messages, a prompt with its variables, or embeddings of texts. */
export const ModelRequest = z
  .strictObject({
    messages: z.array(ModelMessage).min(1).max(1000).optional(),
    prompt: z.string().regex(PROMPT_REFERENCE, 'must be a name, optionally with @version or @label').optional(),
    variables: JsonRecord.optional(),
    embed: z.array(z.string().min(1).max(1_000_000)).min(1).max(MOST_EMBED_TEXTS).optional().describe('Texts to embed, in place of messages.'),
    dimensions: z.number().int().min(1).max(8_192).optional().describe('Of the embeddings, where the model lets one choose.'),
    maxTokens: z.number().int().min(1).max(1_000_000).optional().describe('Most output tokens.'),
    tier: z.enum(TIERS).optional(),
    model: z.string().min(1).max(200).optional().describe('A configured model id; rules over tier.'),
    temperature: z.number().min(0).max(2).optional(),
    schema: JsonRecord.optional().describe('JSON Schema that the answer must match.'),
    tools: z.array(ModelTool).max(128).optional(),
    cacheMs: z.number().int().min(1_000).max(2_592_000_000).optional().describe('Take the answer that the tenant got for exactly this request, if it is kept, and keep a new one for so long (at most 30 days). Absent: ask the model each time.'),
  })
  .refine(({ messages, prompt, embed }) => [messages, prompt, embed].filter((given) => given !== undefined).length === 1, 'must have either messages, prompt or embed')
  .meta({ id: 'ModelRequest', description: 'What a model step asks for' });
export type ModelRequest = z.infer<typeof ModelRequest>;

/** What a model step gives. */
export const ModelOutput = z
  .object({
    text: z.string(),
    value: Json.optional().describe('The parsed answer when a schema was given.'),
    toolCalls: z.array(ModelToolCall).optional(),
    embeddings: z.array(z.array(z.number())).optional().describe('A vector for each text of embed, in its order.'),
    model: z.string(),
    provider: z.string(),
    finishReason: z.enum(['stop', 'length', 'tool_calls', 'content_filter']),
    notice: z.string().optional().describe('What the reader must know, such as: extractive summary; no language model configured.'),
    cached: z.boolean().optional().describe('True: the answer of an earlier call with the same request; it cost nothing.'),
    prompt: z.object({ name: z.string(), version: z.number().int() }).optional().describe('The prompt version that was rendered.'),
  })
  .meta({ id: 'ModelOutput', description: 'What a model step gives' });
export type ModelOutput = z.infer<typeof ModelOutput>;

export const Usage = z
  .object({
    inputTokens: z.number().int().min(0),
    outputTokens: z.number().int().min(0),
    totalTokens: z.number().int().min(0),
    cachedInputTokens: z.number().int().min(0).optional().describe("Of the input: what the vendor read from its cache. Absent: none."),
    reasoningTokens: z.number().int().min(0).optional().describe('Of the output: what the model thought and did not say. Absent: none, or unknown.'),
    costNanoUsd: z.number().int().min(0),
    source: z.enum(['reported', 'estimated']).describe('Whether the vendor reported it or we counted it.'),
    attempts: z.number().int().min(0).describe('How many vendor attempts were made and charged.'),
    model: z.string().optional().describe('<endpoint>/<model> of the last attempt that was charged.'),
  })
  .meta({ id: 'Usage', description: 'What a model call used' });
export type Usage = z.infer<typeof Usage>;

/** One attempt at a vendor. */
export const ModelAttempt = z
  .object({
    endpoint: z.string(),
    model: z.string(),
    outcome: z.enum(['answered', ...FAILURE_CODES]).describe('answered, or the code of its failure.'),
    durationMs: z.number().int().min(0),
    inputTokens: z.number().int().min(0).describe('Charged.'),
    outputTokens: z.number().int().min(0).describe('Charged: also of an answer that broke off.'),
    costNanoUsd: z.number().int().min(0),
  })
  .meta({ id: 'ModelAttempt', description: 'One attempt at a vendor' });
export type ModelAttempt = z.infer<typeof ModelAttempt>;

/** Attempts that a call's record names; more are counted in its usage. */
export const MOST_NAMED_ATTEMPTS = 20;
