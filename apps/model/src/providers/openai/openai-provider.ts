import type OpenAI from 'openai';
import { boundInput, estimateOutput, openAiCounter, type TokenCounter } from '../../accounting/openai-tokens.js';
import type { ModelProvider, ProviderAnswer, ProviderOptions, ProviderRefusal, ProviderRequest } from '../provider.js';
import { emptyAnswer, finishedAnswer, takeChunk, takeCompletion, type AnswerInProgress } from './chat-answer.js';
import { chatBody } from './chat-request.js';
import { connectOpenAi, type ConnectionOptions } from './openai-client.js';
import { refusalOf } from '../vendor-errors.js';

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

  return {
    name: 'openai',
    capabilities: { tools: true, schema: true, generate: true, images: true, embed: true },
    repeatable: false,
    boundInputTokens: async (request) => boundInput(request, await counterOf(request.model)),
    estimateTokens: async (text, model) => estimateOutput(text, await counterOf(model)),
    async complete(request, { signal, onDelta }) {
      const answer = emptyAnswer();
      try {
        client ??= connectOpenAi(options);
        await ask(await client, answer, request, { signal, onDelta, stream: options.stream, outputLimitField });
        // An aborted stream just ends, as if the answer were complete.
        signal.throwIfAborted();
        return ended(answer, request);
      } catch (error) {
        const refusal = refusalOf(signal.aborted ? abortError() : error, { endpoint: options.name, apiKey: options.apiKey, partialText: answer.text, nowMs: Date.now() });
        return answer.usage ? { ...refusal, usage: answer.usage } : refusal;
      }
    },
  };
}

interface AskOptions extends ProviderOptions {
  stream: boolean;
  outputLimitField: 'max_tokens' | 'max_completion_tokens';
}

async function ask(client: OpenAI, answer: AnswerInProgress, request: ProviderRequest, { signal, onDelta, ...wire }: AskOptions): Promise<void> {
  const response = await client.chat.completions.create(chatBody(request, wire), { signal }).asResponse();
  // Some servers answer in one piece although pieces were asked for.
  if (!response.headers.get('content-type')?.includes('text/event-stream')) {
    takeCompletion(answer, JSON.parse(await response.text()));
    onDelta?.(answer.text);
    return;
  }
  const { Stream } = await import('openai/streaming');
  const controller = new AbortController();
  for await (const chunk of Stream.fromSSEResponse<unknown>(response, controller, client)) {
    const text = takeChunk(answer, chunk);
    onDelta?.(text);
  }
}

function ended(answer: AnswerInProgress, request: ProviderRequest): ProviderAnswer | ProviderRefusal {
  if (answer.finishReason === null) throw new SyntaxError('the stream ended before the answer did');
  return finishedAnswer(answer, request.model);
}

const abortError = (): Error => Object.assign(new Error('aborted'), { name: 'AbortError' });
