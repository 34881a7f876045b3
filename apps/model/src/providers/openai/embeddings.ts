import type OpenAI from 'openai';
import { z } from 'zod';
import type { EmbeddedBatch } from '../embedding.js';
import type { EmbeddingRequest } from '../provider.js';
import { TokenCount, reportedUsage } from '../usage.js';

/** The most texts sent in one request; the vendor takes 2,048, compatible servers fewer. */
export const EMBEDDING_BATCH = 256;

/** Some servers send base64 whatever was asked for. */
const Vector = z.union([z.array(z.number()), z.base64().min(1).transform(floatsOf)]);
const Body = z.object({
  model: z.string().optional(),
  data: z.array(z.object({ index: z.number().int().min(0).optional(), embedding: Vector })),
  usage: z.object({ prompt_tokens: TokenCount }).optional().catch(undefined),
});

/** @throws ZodError when the body has another form; SyntaxError when it does not say which vector is whose */
export async function embedTexts(client: OpenAI, { model, inputs, dimensions }: EmbeddingRequest, signal: AbortSignal): Promise<EmbeddedBatch> {
  // The SDK asks for base64 by itself, and makes empty vectors of the numbers that servers send instead.
  const asked = { model, input: [...inputs], encoding_format: 'float' as const, ...(dimensions === undefined ? {} : { dimensions }) };
  const response = await client.embeddings.create(asked, { signal }).asResponse();
  const body = Body.parse(JSON.parse(await response.text()));
  return {
    vectors: inOrder(body.data),
    ...(body.usage ? { usage: reportedUsage({ inputTokens: body.usage.prompt_tokens, outputTokens: 0 }) } : {}),
    ...(body.model === undefined ? {} : { model: body.model }),
  };
}

/** By their index, which need not be the order they come in. */
function inOrder(data: z.infer<typeof Body>['data']): number[][] {
  const vectors = new Map(data.map(({ index, embedding }, position) => [index ?? position, embedding]));
  if (vectors.size !== data.length) throw new SyntaxError('two vectors have one index');
  return data.map((_, position) => {
    const vector = vectors.get(position);
    if (!vector) throw new SyntaxError(`no vector has the index ${position}`);
    return vector;
  });
}

/** Little-endian floats of 32 bits. */
function floatsOf(base64: string): number[] {
  const bytes = Buffer.from(base64, 'base64');
  return Array.from({ length: Math.floor(bytes.length / 4) }, (_, index) => bytes.readFloatLE(index * 4));
}
