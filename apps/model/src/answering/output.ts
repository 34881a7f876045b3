import type { JsonObject, JsonValue, ModelMessage, ModelOutput } from '@trivet/contracts';
import { compileSchema } from '../compile-schema.js';
import type { ProviderAnswer } from '../providers/provider.js';
import type { Target } from '../routing/router.js';
import type { PreparedRequest } from './prepare-request.js';

export type CheckedOutput = { output: ModelOutput } | { mistakes: string };

/** The answer as the caller gets it; with a schema its text is parsed and checked. */
export function checkOutput(answer: ProviderAnswer, prepared: PreparedRequest, target: Target): CheckedOutput {
  const { text, toolCalls, finishReason, notice, embeddings } = answer;
  const output: ModelOutput = {
    text,
    model: target.model,
    provider: target.provider.name,
    finishReason,
    ...(toolCalls && toolCalls.length > 0 ? { toolCalls } : {}),
    ...(embeddings ? { embeddings } : {}),
    ...(notice === undefined ? {} : { notice }),
    ...(prepared.prompt ? { prompt: prepared.prompt } : {}),
  };
  // An answer that calls a tool is not the final one; only that has to match.
  if (!prepared.content.schema || output.toolCalls) return { output };
  const parsed = parseBySchema(text, prepared.content.schema);
  return 'mistakes' in parsed ? parsed : { output: { ...output, value: parsed.value } };
}

function parseBySchema(text: string, schema: JsonObject): { value: JsonValue } | { mistakes: string } {
  let value: JsonValue;
  try {
    value = JSON.parse(withoutFence(text));
  } catch (error) {
    return { mistakes: `it is not JSON (${error instanceof Error ? error.message : String(error)})` };
  }
  const mistakes = compileSchema(schema, 'the answer')(value);
  return mistakes.length === 0 ? { value } : { mistakes: listed(mistakes.map(({ instancePath, message }) => `answer${instancePath} ${message ?? 'is not valid'}`)) };
}

/** Enough to mend an answer by, and little enough for a message. */
const MOST_MISTAKES = 20;
const MOST_MISTAKE_CHARACTERS = 2_000;

function listed(mistakes: readonly string[]): string {
  const text = mistakes.slice(0, MOST_MISTAKES).join(', ').slice(0, MOST_MISTAKE_CHARACTERS);
  return mistakes.length > MOST_MISTAKES ? `${text} and ${mistakes.length - MOST_MISTAKES} more` : text;
}

/** Models like to wrap JSON in a Markdown fence. */
function withoutFence(text: string): string {
  const trimmed = text.trim();
  const firstEnd = trimmed.indexOf('\n');
  const opening = trimmed.slice(0, firstEnd).trim();
  if (!trimmed.endsWith('```') || firstEnd === -1 || (opening !== '```' && opening !== '```json')) return text;
  return trimmed.slice(firstEnd + 1, -3);
}

/** The one chance to mend an answer that does not match. */
export function repairMessages(text: string, mistakes: string): ModelMessage[] {
  return [
    { role: 'assistant', content: text },
    { role: 'user', content: `That answer does not match the required JSON Schema: ${mistakes}. Answer again with the corrected JSON only.` },
  ];
}

/** Checked before money is spent on an answer that nothing could match. */
export function checkSchema(schema: JsonObject | undefined): void {
  if (schema) compileSchema(schema, 'the answer');
}
