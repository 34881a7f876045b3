import type { GoogleGenAI } from '@google/genai';
import { z } from 'zod';
import { boundInput, estimateOutput } from '../../accounting/openai-tokens.js';
import { attempt, type Attempt } from '../attempt.js';
import { boundTexts, embedInBatches } from '../embedding.js';
import type { EmbeddingRequest, ModelProvider, ProviderRequest } from '../provider.js';
import { dropUnfinishedUsage, takeContent } from './content-answer.js';
import { contentRequest } from './content-request.js';
import { connectGemini, observingFetch, type ConnectionOptions, type SeenResponse } from './gemini-client.js';
import { readableError } from './gemini-errors.js';

export interface GeminiOptions extends ConnectionOptions {
  /** The endpoint's name, for messages. */
  name: string;
  stream: boolean;
}

/** The most texts the vendor embeds in one request. */
const EMBEDDING_BATCH = 100;

const Embeddings = z.object({ embeddings: z.array(z.object({ values: z.array(z.number()) })) });

/** Gemini, by the Gemini API. Its tokenizer is not published, so that input is bounded by bytes. */
export function createGeminiProvider(options: GeminiOptions): ModelProvider {
  let client: Promise<GoogleGenAI> | undefined;
  const connect = (): Promise<GoogleGenAI> => (client ??= connectGemini(options));
  return {
    name: 'gemini',
    capabilities: { tools: true, schema: true, generate: true, images: true, embed: true },
    repeatable: false,
    boundInputTokens: async (request) => boundInput(request, null),
    estimateTokens: async (text) => estimateOutput(text, null),
    complete: (request, asked) => attempt(options, request, asked, async (one) => ask(await connect(), request, { ...one, stream: options.stream })),
    boundEmbeddingTokens: async (request) => boundTexts(request.inputs),
    embed: (request, { signal }) => embedInBatches(options, request, { signal, batch: EMBEDDING_BATCH }, async (inputs, stop) => embed(await connect(), { ...request, inputs }, stop)),
  };
}

async function ask({ models }: GoogleGenAI, request: ProviderRequest, { answer, signal, onDelta, stream }: Attempt & { stream: boolean }): Promise<void> {
  const { config, ...rest } = contentRequest(request);
  await seeing(async (seen) => {
    const asked = { ...rest, config: { ...config, abortSignal: signal, httpOptions: { fetch: observingFetch(seen) } } };
    if (!stream) onDelta(takeContent(answer, await models.generateContent(asked)));
    else for await (const piece of await models.generateContentStream(asked)) onDelta(takeContent(answer, piece));
  });
  dropUnfinishedUsage(answer);
}

async function embed({ models }: GoogleGenAI, { model, inputs, dimensions }: EmbeddingRequest, signal: AbortSignal): Promise<{ vectors: number[][] }> {
  const { embeddings } = await seeing(async (seen) =>
    Embeddings.parse(
      await models.embedContent({
        model,
        // Each text as a content of its own: of plain texts the SDK makes one content for some models, and so one vector.
        contents: inputs.map((text) => ({ parts: [{ text }] })),
        config: { ...(dimensions === undefined ? {} : { outputDimensionality: dimensions }), abortSignal: signal, httpOptions: { fetch: observingFetch(seen) } },
      }),
    ),
  );
  return { vectors: embeddings.map(({ values }) => values) };
}

async function seeing<Value>(call: (seen: SeenResponse) => Promise<Value>): Promise<Value> {
  const seen: SeenResponse = {};
  try {
    return await call(seen);
  } catch (error) {
    throw readableError(error, seen);
  }
}
