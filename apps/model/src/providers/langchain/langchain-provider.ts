import type { JsonObject } from '@trivet/contracts';
import { boundInput, estimateOutput } from '../../accounting/openai-tokens.js';
import { toolUseTokens } from '../anthropic/tool-use-tokens.js';
import { answerToolFor } from '../answer-tool.js';
import { attempt, type Attempt } from '../attempt.js';
import type { ModelProvider, ProviderRefusal, ProviderRequest } from '../provider.js';
import { createChatReader } from './chat-answer.js';
import { chatMessages } from './chat-messages.js';
import { modelFields } from './chat-model.js';
import { VendorMissing, readableError, whyMissing } from './langchain-errors.js';

export interface LangChainOptions {
  /** The endpoint's name, for messages. */
  name: string;
  /** The vendor, as initChatModel names it. */
  langchainProvider: string;
  baseUrl?: string;
  apiKey?: string;
  /** Options of the vendor's class. */
  options?: JsonObject;
  stream: boolean;
}

/** Any vendor LangChain has a chat model for. Its package is installed by whoever wants it. */
export function createLangChainProvider(options: LangChainOptions): ModelProvider {
  return {
    name: options.langchainProvider,
    capabilities: { tools: true, schema: true, generate: true, images: true, embed: false },
    repeatable: false,
    boundInputTokens: async (request) => boundInput(request, null) + toolUseTokens(request),
    estimateTokens: async (text) => estimateOutput(text, null),
    async complete(request, asked) {
      let missing: VendorMissing | undefined;
      const outcome = await attempt(options, request, asked, (one) =>
        ask(options, request, one).catch((error: unknown) => {
          if (error instanceof VendorMissing) missing = error;
          throw readableError(error);
        }),
      );
      return missing && outcome.status === 'failed' && !asked.signal.aborted ? refusalFor(options.name, missing) : outcome;
    },
  };
}

/** Nothing was sent. */
const refusalFor = (endpoint: string, { message }: VendorMissing): ProviderRefusal => ({
  status: 'failed',
  failure: { code: 'model_unavailable', message: `Endpoint ${endpoint} ${message}`, hint: 'Correct the endpoint, or install the package where the model service runs; then start that again.' },
  spent: false,
  partialText: '',
});

async function ask(options: LangChainOptions, request: ProviderRequest, { answer, signal, onDelta }: Attempt): Promise<void> {
  const { langchainProvider, stream } = options;
  const isAnthropic = langchainProvider === 'anthropic';
  const answerTool = request.schema && answerToolFor(request.schema, request.tools);
  const reader = createChatReader(answer, { answerTool, outputIsTotal: isAnthropic });
  const model = await openModel(options, request);
  const tools = [...(request.tools ?? []), ...(answerTool ? [{ ...answerTool, description: 'Gives the answer. Call it with the whole answer.' }] : [])];
  const offered = tools.map(({ name, description, input }) => ({ type: 'function' as const, function: { name, ...(description ? { description } : {}), parameters: input } }));
  // With an answer tool the model has to call a tool, by a word that all vendors of LangChain know.
  const asking = offered.length > 0 ? model.bindTools(offered, answerTool ? { tool_choice: 'any' } : {}) : model;
  const messages = await chatMessages(request.messages);
  if (!stream) onDelta(reader.take(await asking.invoke(messages, { signal })));
  else for await (const piece of await asking.stream(messages, { signal })) onDelta(reader.take(piece));
  onDelta(reader.end());
  // Not every vendor says why it ended; where one always does, an end without a reason is a stream that broke off.
  if (!isAnthropic) answer.finishReason ??= 'stop';
}

async function openModel(options: LangChainOptions, request: ProviderRequest) {
  // Loaded with the first call; never the root of the package, which brings all of LangGraph.
  const { MODEL_PROVIDER_CONFIG, getChatModelByClassName, initChatModel } = await import('langchain/chat_models/universal');
  const { langchainProvider } = options;
  try {
    // initChatModel itself loads the vendor's package with the request, where it could not be told from a failing one.
    const known = Object.entries(MODEL_PROVIDER_CONFIG).find(([key]) => key === langchainProvider)?.[1];
    if (!known) throw new Error('unknown');
    await getChatModelByClassName(known.className, langchainProvider);
  } catch (error) {
    throw whyMissing(error, langchainProvider, MODEL_PROVIDER_CONFIG) ?? error;
  }
  return initChatModel(request.model, { modelProvider: langchainProvider, ...modelFields(options, request) });
}
