import { ATTRIBUTES } from '@trivet/telemetry';
import type { ProviderAnswer, ProviderRefusal, ProviderRequest } from '../providers/provider.js';

/** Content of prompts and answers for a span, where the operator asked for it (OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT). */
export interface ContentCapture {
  input(request: ProviderRequest, embedded: readonly string[] | undefined): Record<string, string>;
  output(outcome: ProviderAnswer | ProviderRefusal): Record<string, string>;
}

/** Attributes of spans are no place for books. */
const MOST_CHARACTERS = 16_384;
/** Read a little further than is shown: a secret that is cut in two would not be known. */
const MOST_READ = 32_768;
const REDACTED = '[redacted]';
/** What looks like a secret by its form: keys of vendors and clouds, tokens of forges and chats, signed tokens, private keys, passwords in URLs. */
const SECRETS: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]{0,8000}?-----END [A-Z ]{0,40}PRIVATE KEY-----/g,
  /\b(?:sk|pk|rk|xox[abpr]|ghp|gho|ghs|ghu|github_pat|glpat|npm|hf|AIza|ya29)[-_.]?[A-Za-z0-9_.-]{16,400}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,4000}\.[A-Za-z0-9_-]{8,4000}/g,
  /(?<=\b(?:Bearer|Basic)\s)[A-Za-z0-9._~+/=-]{12,4000}/g,
  /(?<=:\/\/[^\s:/@]{1,100}:)[^\s:/@]{1,200}(?=@)/g,
];

/** @param keys of vendors, which are taken out wherever they stand */
export function createContentCapture(keys: readonly (string | undefined)[]): ContentCapture {
  const known = keys.filter((key): key is string => key !== undefined && key.length >= 4);
  const clean = (value: unknown): string => redactSecrets((typeof value === 'string' ? value : JSON.stringify(value)).slice(0, MOST_READ), known).slice(0, MOST_CHARACTERS);
  return {
    input: ({ messages }, embedded) => ({ [ATTRIBUTES.genAiInputMessages]: clean(embedded ? embedded.map((content) => ({ role: 'user', parts: [{ type: 'text', content }] })) : messages.map(messageOf)) }),
    output: (outcome) => ({ [ATTRIBUTES.genAiOutputMessages]: clean(outputOf(outcome)) }),
  };
}

export function redactSecrets(text: string, known: readonly string[] = []): string {
  const without = known.reduce((rest, key) => rest.replaceAll(key, REDACTED), text);
  return SECRETS.reduce((rest, form) => rest.replace(form, REDACTED), without);
}

/** As the conventions for generative AI write messages; of images only that there are some. */
const messageOf = ({ role, content, images, toolCalls, toolCallId }: ProviderRequest['messages'][number]): object => ({
  role,
  parts: [
    toolCallId === undefined ? { type: 'text', content } : { type: 'tool_call_response', id: toolCallId, response: content },
    ...(images ?? []).map(({ mediaType }) => ({ type: 'blob', mime_type: mediaType })),
    ...(toolCalls ?? []).map((call) => ({ type: 'tool_call', ...call })),
  ],
});

function outputOf(outcome: ProviderAnswer | ProviderRefusal): object[] {
  if (outcome.status === 'failed') return [{ role: 'assistant', parts: [{ type: 'text', content: outcome.partialText }], finish_reason: 'error' }];
  return [{ role: 'assistant', parts: [{ type: 'text', content: outcome.text }, ...(outcome.toolCalls ?? []).map((call) => ({ type: 'tool_call', ...call }))], finish_reason: outcome.finishReason }];
}
