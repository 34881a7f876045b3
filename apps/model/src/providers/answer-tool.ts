import type { JsonObject, ModelTool } from '@trivet/contracts';

/** A tool in place of a JSON Schema: the model has to call it, and its arguments are the answer. */
export interface AnswerTool {
  name: string;
  input: JsonObject;
  /** The answer is in a field, since arguments are always an object. */
  isWrapped: boolean;
}

const FIELD = 'answer';
/** What may not stand at the top of a tool's schema. */
const COMPOSED = ['oneOf', 'anyOf', 'allOf', '$ref'];

/**
 * The vendor's own structured output takes closed objects only (`additionalProperties: false` everywhere), which would
 * change what a schema with free-form parts means; a tool takes any schema.
 */
export function answerToolFor(schema: JsonObject, tools: readonly ModelTool[] = []): AnswerTool {
  const taken = new Set(tools.map(({ name }) => name));
  const name = ['answer', 'final_answer', 'structured_answer'].find((candidate) => !taken.has(candidate)) ?? `answer_${tools.length}`;
  if (schema['type'] === 'object' && !COMPOSED.some((key) => key in schema)) return { name, input: schema, isWrapped: false };
  const { $defs, definitions, ...rest } = schema;
  // References point at the top, so the definitions stay there.
  const top = { ...($defs === undefined ? {} : { $defs }), ...(definitions === undefined ? {} : { definitions }) };
  return { name, input: { type: 'object', properties: { [FIELD]: rest }, required: [FIELD], ...top }, isWrapped: true };
}

/** The JSON text of the answer in the tool's arguments; what cannot be read, since it was cut, as it is. */
export function answerIn(text: string, { isWrapped }: AnswerTool): string {
  if (!isWrapped) return text;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed === 'object' && parsed !== null && FIELD in parsed) return JSON.stringify(parsed[FIELD]);
  } catch {
    // Cut; the caller sees why it ended.
  }
  return text;
}
