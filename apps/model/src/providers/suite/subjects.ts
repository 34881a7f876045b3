import { createAnthropicProvider } from '../anthropic/anthropic-provider.js';
import { createGeminiProvider } from '../gemini/gemini-provider.js';
import { createLangChainProvider } from '../langchain/langchain-provider.js';
import { createOpenAiProvider } from '../openai/openai-provider.js';
import type { ModelProvider, ProviderRequest } from '../provider.js';
import { anthropicDialect, anthropicDialectWith } from './dialects/anthropic.js';
import type { Dialect, Said } from './dialects/dialect.js';
import { geminiDialect } from './dialects/gemini.js';
import { openAiDialect } from './dialects/openai.js';
import { events, json, type Reply } from './loopback.js';

/** An adapter in one of its manners, and the wire format of the vendor it is for. */
export interface Subject {
  vendor: 'openai' | 'anthropic' | 'gemini' | 'langchain';
  stream: boolean;
  dialect: Dialect;
  create(url: string, apiKey?: string): ModelProvider;
  /** LangChain makes its own of a vendor's usage: no thoughts in it, and sums in which a part that makes no sense is lost. */
  seesUsageAsSent: boolean;
}

/** A key that does not look like one; it may be in no answer of ours. */
export const KEY = 'AIzaSecretOfTheSuite';

const both = (subject: (stream: boolean) => Subject): Subject[] => [subject(true), subject(false)];

export const SUBJECTS: [string, Subject][] = [
  ...both((stream) => ({ vendor: 'openai', stream, dialect: openAiDialect, seesUsageAsSent: true, create: (url, apiKey = KEY) => createOpenAiProvider({ name: 'vendor', baseUrl: `${url}/v1`, apiKey, stream }) })),
  ...both((stream) => ({ vendor: 'anthropic', stream, dialect: anthropicDialect, seesUsageAsSent: true, create: (url, apiKey = KEY) => createAnthropicProvider({ name: 'vendor', baseUrl: url, apiKey, stream }) })),
  ...both((stream) => ({ vendor: 'gemini', stream, dialect: geminiDialect, seesUsageAsSent: true, create: (url, apiKey = KEY) => createGeminiProvider({ name: 'vendor', baseUrl: url, apiKey, stream }) })),
  // LangChain takes what opens a thought for text; at the vendor that is empty.
  ...both((stream) => ({ vendor: 'langchain', stream, dialect: anthropicDialectWith({ firstThought: '' }), seesUsageAsSent: false, create: (url, apiKey = KEY) => createLangChainProvider({ name: 'vendor', langchainProvider: 'anthropic', baseUrl: url, apiKey, stream }) })),
].map((subject): [string, Subject] => [`${subject.vendor}, ${subject.stream ? 'in pieces' : 'in one piece'}`, subject]);

export const STREAMING = SUBJECTS.filter(([, { stream }]) => stream);
export const WHOLE = SUBJECTS.filter(([, { stream }]) => !stream);

/** Says something in the manner the subject asks for it. */
export const saying = ({ dialect, stream }: Subject, said: Said): Reply => (stream ? events(dialect.events(said)) : json(dialect.body(said)));

export const request = (content: string, rest: Partial<ProviderRequest> = {}): ProviderRequest => ({ model: 'some-model', messages: [{ role: 'user', content }], maxTokens: 50, ...rest });
export const live = (): AbortSignal => new AbortController().signal;
