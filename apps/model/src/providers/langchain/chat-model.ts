import type { JsonObject } from '@trivet/contracts';
import type { ProviderRequest } from '../provider.js';
import type { LangChainOptions } from './langchain-provider.js';

/** Options of a vendor's class whose names LangChain has not made the same. */
interface Dialect {
  /** The option that bounds the output; `maxTokens` for most. */
  limit?: string;
  connection(baseUrl: string | undefined): JsonObject;
}

/** The vendor's SDK has a time limit of its own, which is not ours. */
const NO_TIME_LIMIT = 2_147_483_647;

const DIALECTS: Readonly<Record<string, Dialect>> = {
  // Without an address the class takes one from the environment.
  anthropic: { connection: (baseUrl) => ({ anthropicApiUrl: (baseUrl ?? 'https://api.anthropic.com').replace(/\/(v1\/?)?$/, ''), clientOptions: { timeout: NO_TIME_LIMIT, authToken: null, logLevel: 'off' } }) },
  openai: { connection: (baseUrl) => ({ streamUsage: true, ...(baseUrl === undefined ? {} : { configuration: { baseURL: baseUrl } }) }) },
  mistral: { connection: (baseUrl) => given('serverURL', baseUrl) },
  mistralai: { connection: (baseUrl) => given('serverURL', baseUrl) },
  ollama: { limit: 'numPredict', connection: (baseUrl) => given('baseUrl', baseUrl) },
  google: { limit: 'maxOutputTokens', connection: (baseUrl) => given('baseUrl', baseUrl) },
  'google-vertexai': { limit: 'maxOutputTokens', connection: (baseUrl) => given('baseUrl', baseUrl) },
};
const USUAL: Dialect = { connection: (baseUrl) => given('baseUrl', baseUrl) };

function given(name: string, value: string | undefined): JsonObject {
  return value === undefined ? {} : { [name]: value };
}

/** What a vendor's class is made with for one request: it never tries again by itself. */
export function modelFields({ langchainProvider, baseUrl, apiKey, options = {} }: LangChainOptions, { maxTokens, temperature }: ProviderRequest): JsonObject {
  const { limit = 'maxTokens', connection } = DIALECTS[langchainProvider] ?? USUAL;
  return {
    ...connection(baseUrl),
    ...options,
    ...(apiKey ? { apiKey } : {}),
    ...(temperature === undefined ? {} : { temperature: langchainProvider === 'anthropic' ? Math.min(1, temperature) : temperature }),
    [limit]: maxTokens,
    maxRetries: 0,
  };
}
