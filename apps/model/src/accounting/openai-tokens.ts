import type { ModelMessage } from '@trivet/contracts';
import type { ProviderRequest } from '../providers/provider.js';
import { countLocalTokens } from './local-tokens.js';

/** Counts tokens of a text exactly, or from above. */
export type TokenCounter = (text: string) => number;

/** Role, separators and name around each message, and the start of the answer; vendors say 3 to 5 a message. */
const TOKENS_AROUND_MESSAGE = 8;
const TOKENS_AROUND_REQUEST = 16;

/** Models that use o200k_base. */
const O200K = /^(gpt-4o|gpt-4\.1|gpt-5|chatgpt-4o|o1|o3|o4)/;

/** The tokenizer of a model of OpenAI, loaded with its first use (65 MB); null for models whose tokenizer is not known. */
export async function openAiCounter(model: string): Promise<TokenCounter | null> {
  if (!O200K.test(model)) return null;
  const { countTokens } = await import('gpt-tokenizer/encoding/o200k_base');
  // A text that spells a special token is text like any other.
  const options = { disallowedSpecial: new Set<string>() };
  return (text) => {
    let tokens = 0;
    for (let at = 0; at < text.length; at += SLICE_CHARACTERS) tokens += countTokens(text.slice(at, at + SLICE_CHARACTERS), options) + (at > 0 ? 1 : 0);
    return tokens;
  };
}

/** The tokenizer takes time that grows with the square of a run without a border, so it gets short pieces; a cut makes a token at most. */
const SLICE_CHARACTERS = 1_000;

/** An upper bound of a request's input tokens, images aside. Without a tokenizer: its bytes, since no token is shorter than one. */
export function boundInput({ messages, tools, schema }: ProviderRequest, counter: TokenCounter | null): number {
  const count = counter ?? ((text: string) => Buffer.byteLength(text));
  // A vendor writes them out in its own words, a list of values at about twice what it takes in JSON.
  const definitions = (tools?.length ?? 0) > 0 || schema ? (counter ? 2 : 1) * count(JSON.stringify({ tools, schema })) + TOKENS_AROUND_REQUEST : 0;
  return messages.reduce((sum, message) => sum + count(textOf(message)) + TOKENS_AROUND_MESSAGE, TOKENS_AROUND_REQUEST + definitions);
}

const textOf = ({ content, name, toolCalls, toolCallId }: ModelMessage): string =>
  [content, name ?? '', toolCallId ?? '', toolCalls ? JSON.stringify(toolCalls) : ''].join('');

export const estimateOutput = (text: string, counter: TokenCounter | null): number => (counter ?? countLocalTokens)(text);
