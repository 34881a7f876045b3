import { FailureError, type JsonObject, type JsonValue, type ModelMessage, type ModelOutput } from '@trivet/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';
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
  const ajv = new Ajv2020({ allErrors: true, strict: false });
  const validate = compile(ajv, schema);
  if (validate(value)) return { value };
  return { mistakes: ajv.errorsText(validate.errors, { dataVar: 'answer' }) };
}

function compile(ajv: Ajv2020, schema: JsonObject) {
  try {
    return ajv.compile(schema);
  } catch (error) {
    throw new FailureError('invalid_request', `The schema of the answer is not a valid JSON Schema: ${error instanceof Error ? error.message : String(error)}.`);
  }
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
  if (schema) compile(new Ajv2020({ allErrors: true, strict: false }), schema);
}
