import type { Endpoint } from '../routing/model-config.js';
import { createAnthropicProvider } from './anthropic/anthropic-provider.js';
import type { Extractor } from './local/extractor.js';
import { createGeminiProvider } from './gemini/gemini-provider.js';
import { createLangChainProvider } from './langchain/langchain-provider.js';
import { createLocalProvider } from './local/local-provider.js';
import { createOpenAiProvider } from './openai/openai-provider.js';
import type { ModelProvider } from './provider.js';

/** The adapter that speaks an endpoint's protocol. Vendors' libraries are loaded with their first call. */
export function createProvider(endpoint: Endpoint, { apiKey, extractor }: { apiKey?: string; extractor: Extractor }): ModelProvider {
  switch (endpoint.provider) {
    case 'local':
      return createLocalProvider(extractor);
    case 'openai':
      return createOpenAiProvider({ ...endpoint, apiKey });
    case 'anthropic':
      return createAnthropicProvider({ ...endpoint, apiKey });
    case 'gemini':
      return createGeminiProvider({ ...endpoint, apiKey });
    case 'langchain':
      return createLangChainProvider({ ...endpoint, langchainProvider: endpoint.langchainProvider ?? '', apiKey });
  }
}
