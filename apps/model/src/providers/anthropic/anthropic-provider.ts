import type { Anthropic } from '@anthropic-ai/sdk';
import { boundInput, estimateOutput } from '../../accounting/openai-tokens.js';
import { attempt, type Attempt } from '../attempt.js';
import type { ModelProvider, ProviderRequest } from '../provider.js';
import { connectAnthropic, type ConnectionOptions } from './anthropic-client.js';
import { answerToolFor } from '../answer-tool.js';
import { toolUseTokens } from './tool-use-tokens.js';
import { createMessageReader } from './messages-answer.js';
import { messagesBody } from './messages-request.js';

export interface AnthropicOptions extends ConnectionOptions {
  /** The endpoint's name, for messages. */
  name: string;
  stream: boolean;
}

/** Claude, by the Messages API. Its tokenizer is not published, so that input is bounded by bytes. */
export function createAnthropicProvider(options: AnthropicOptions): ModelProvider {
  let client: Promise<Anthropic> | undefined;
  const connect = (): Promise<Anthropic> => (client ??= connectAnthropic(options));
  return {
    name: 'anthropic',
    capabilities: { tools: true, schema: true, generate: true, images: true, embed: false },
    repeatable: false,
    boundInputTokens: async (request) => boundInput(request, null) + toolUseTokens(request),
    estimateTokens: async (text) => estimateOutput(text, null),
    complete: (request, asked) => attempt(options, request, asked, async (one) => ask(await connect(), request, { ...one, stream: options.stream })),
  };
}

async function ask(client: Anthropic, request: ProviderRequest, { answer, signal, onDelta, stream }: Attempt & { stream: boolean }): Promise<void> {
  const answerTool = request.schema && answerToolFor(request.schema, request.tools);
  const reader = createMessageReader(answer, answerTool);
  const response = await client.messages.create(messagesBody(request, { stream, answerTool }), { signal }).asResponse();
  if (!response.headers.get('content-type')?.includes('text/event-stream')) {
    onDelta(reader.takeBody(JSON.parse(await response.text())));
    return;
  }
  const { Stream } = await import('@anthropic-ai/sdk/streaming');
  for await (const event of Stream.fromSSEResponse<unknown>(response, new AbortController(), client)) onDelta(reader.takeEvent(event));
  onDelta(reader.end());
}
