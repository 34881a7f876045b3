import type { Failure, JsonObject, ModelMessage, ModelTool, ModelToolCall, PROMPT_TASKS } from '@trivet/contracts';

/** What one attempt asks of a vendor: everything rendered, resolved and bounded. */
export interface ProviderRequest {
  /** The vendor's own name of the model. */
  model: string;
  messages: readonly ModelMessage[];
  /** Most output tokens: what was reserved, never more. */
  maxTokens: number;
  temperature?: number;
  /** JSON Schema the answer must match. */
  schema?: JsonObject;
  tools?: readonly ModelTool[];
  /** What the prompt says it is for, with the variables it was rendered from; only providers without a language model look at it. */
  task?: { name: PromptTask; variables: JsonObject };
}

export type PromptTask = (typeof PROMPT_TASKS)[number];

export interface ProviderUsage {
  /** All of the input, cached or not. */
  inputTokens: number;
  /** All of the output, thoughts included. */
  outputTokens: number;
  /** Of the input: read from the vendor's cache, which costs less. */
  cachedInputTokens?: number;
  /** Of the input: written to the vendor's cache, which costs more. */
  cacheWriteTokens?: number;
  /** Of the output: thoughts that are not in the answer. */
  reasoningTokens?: number;
  source: 'reported' | 'estimated';
}

export interface ProviderAnswer {
  status: 'answered';
  text: string;
  toolCalls?: ModelToolCall[];
  finishReason: 'stop' | 'length' | 'tool_calls' | 'content_filter';
  /** Absent: the vendor did not say; the caller estimates. */
  usage?: ProviderUsage;
  model: string;
  /** What the reader must know about how the answer came about. */
  notice?: string;
  /** Of a call for embeddings, which has no text: a vector for each input. */
  embeddings?: number[][];
}

/** An attempt that came to nothing is data too: how it is charged and whether another follows depends on it. */
export interface ProviderRefusal {
  status: 'failed';
  failure: Failure;
  /** False: it never reached the vendor, or the vendor refused it without working on it; nothing is charged. */
  spent: boolean;
  /** Text that had arrived before it failed. */
  partialText: string;
  /** Arguments of tool calls, as far as they had arrived. */
  partialArguments?: string;
  usage?: ProviderUsage;
  /** How long the vendor wants us to wait. */
  retryAfterMs?: number;
}

export interface ProviderOptions {
  signal: AbortSignal;
  /** Gets pieces of the answer as they arrive. */
  onDelta?: (text: string) => void;
}

/** Texts to embed. */
export interface EmbeddingRequest {
  /** The vendor's own name of the model. */
  model: string;
  inputs: readonly string[];
  /** Absent: as many as the model gives. */
  dimensions?: number;
}

export interface EmbeddingAnswer {
  status: 'answered';
  /** A vector for each input, in its order; all of one length. */
  vectors: number[][];
  /** Absent: the vendor did not say; the caller estimates. */
  usage?: ProviderUsage;
  model: string;
  notice?: string;
}

/** What a provider can do at all; a configuration may say less for an endpoint. */
export interface Capabilities {
  tools: boolean;
  /** Answers by a JSON Schema, by whatever means of the vendor. */
  schema: boolean;
  /** Texts of its own. */
  generate: boolean;
  images: boolean;
  embed: boolean;
}

/** One way to get a model's answer. It never retries, and throws only where it has a defect itself. */
export interface ModelProvider {
  name: string;
  capabilities: Capabilities;
  /** True when asking again costs nothing and gives the same answer, so that a lost attempt is simply done again. */
  repeatable: boolean;
  /** An upper bound of the input tokens. */
  boundInputTokens(request: ProviderRequest): Promise<number>;
  /** About how many tokens a text has, for answers whose usage the vendor does not report. */
  estimateTokens(text: string, model: string): Promise<number>;
  complete(request: ProviderRequest, options: ProviderOptions): Promise<ProviderAnswer | ProviderRefusal>;
  /** An upper bound of the input tokens of texts to embed. Absent: it embeds nothing. */
  boundEmbeddingTokens?(request: EmbeddingRequest): Promise<number>;
  /** Embeds all texts, in as many requests as the vendor wants; those that were answered before one failed are `spent`. */
  embed?(request: EmbeddingRequest, options: Pick<ProviderOptions, 'signal'>): Promise<EmbeddingAnswer | ProviderRefusal>;
}
