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
  return mistakes.length === 0 ? { value } : { mistakes: mistakes.map(({ instancePath, message }) => `answer${instancePath} ${message ?? 'is not valid'}`).join(', ') };
}

/** Models like to wrap JSON in a Markdown fence. */
const withoutFence = (text: string): string => /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;

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
