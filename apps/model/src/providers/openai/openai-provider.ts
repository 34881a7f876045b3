import type OpenAI from 'openai';
import { boundInput, estimateOutput, openAiCounter, type TokenCounter } from '../../accounting/openai-tokens.js';
import { attempt, type Attempt } from '../attempt.js';
import { boundTexts, embedInBatches } from '../embedding.js';
import type { ModelProvider, ProviderRequest } from '../provider.js';
import { takeChunk, takeCompletion } from './chat-answer.js';
import { chatBody } from './chat-request.js';
import { EMBEDDING_BATCH, embedTexts } from './embeddings.js';
import { connectOpenAi, type ConnectionOptions } from './openai-client.js';

export interface OpenAiOptions extends ConnectionOptions {
  /** The endpoint's name, for messages. */
  name: string;
  stream: boolean;
  tokenizer?: 'bytes' | 'openai';
  outputLimitField?: 'max_tokens' | 'max_completion_tokens';
}

/** OpenAI, and every server that speaks its Chat Completions. */
export function createOpenAiProvider(options: OpenAiOptions): ModelProvider {
  const isOfficial = options.baseUrl === undefined;
  const useTokenizer = (options.tokenizer ?? (isOfficial ? 'openai' : 'bytes')) === 'openai';
  const outputLimitField = options.outputLimitField ?? (isOfficial ? 'max_completion_tokens' : 'max_tokens');
  const counterOf = (model: string): Promise<TokenCounter | null> => (useTokenizer ? openAiCounter(model) : Promise.resolve(null));
  let client: Promise<OpenAI> | undefined;
  const connect = (): Promise<OpenAI> => (client ??= connectOpenAi(options));

  return {
    name: 'openai',
    capabilities: { tools: true, schema: true, generate: true, images: true, embed: true },
    repeatable: false,
    boundInputTokens: async (request) => boundInput(request, await counterOf(request.model)),
    estimateTokens: async (text, model) => estimateOutput(text, await counterOf(model)),
    complete: (request, asked) => attempt(options, request, asked, async (one) => ask(await connect(), request, { ...one, stream: options.stream, outputLimitField })),
    boundEmbeddingTokens: async (request) => boundTexts(request.inputs),
    embed: (request, { signal }) => embedInBatches(options, request, { signal, batch: EMBEDDING_BATCH }, async (inputs, stop) => embedTexts(await connect(), { ...request, inputs }, stop)),
  };
}

interface AskOptions extends Attempt {
  stream: boolean;
  outputLimitField: 'max_tokens' | 'max_completion_tokens';
}

async function ask(client: OpenAI, request: ProviderRequest, { answer, signal, onDelta, ...wire }: AskOptions): Promise<void> {
  const response = await client.chat.completions.create(chatBody(request, wire), { signal }).asResponse();
  // Some servers answer in one piece although pieces were asked for.
  if (!response.headers.get('content-type')?.includes('text/event-stream')) {
    takeCompletion(answer, JSON.parse(await response.text()));
    onDelta(answer.text);
    return;
  }
  const { Stream } = await import('openai/streaming');
  for await (const chunk of Stream.fromSSEResponse<unknown>(response, new AbortController(), client)) onDelta(takeChunk(answer, chunk));
}
