import { FailureError, type JsonObject } from '@trivet/contracts';
import { boundedSchema, linearPatterns, withinPatternBudget } from '@trivet/service';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

/** Every mistake in a value; empty when there is none. */
export type SchemaCheck = (value: unknown) => Pick<ErrorObject, 'instancePath' | 'keyword' | 'message' | 'params'>[];

/** Compiling takes longer than a moment for larger ones, and everybody waits for it. */
const MOST_CHARACTERS = 32_768;

/**
 * Compiles a JSON Schema (2020-12) that a caller or a prompt's author wrote. Each has a compiler of its own, so that the
 * $id of one reaches no other, and its patterns run in linear time: both the schema and what is held to it may be hostile.
 * @throws FailureError invalid_request when it is none
 */
export function compileSchema(schema: JsonObject, subject: string): SchemaCheck {
  const characters = JSON.stringify(schema).length;
  if (characters > MOST_CHARACTERS) throw new FailureError('invalid_request', `The schema of ${subject} has ${characters} characters; the limit is ${MOST_CHARACTERS}.`);
  const bounded = boundedSchema(schema, subject);
  const compiler = (): Ajv2020 => new Ajv2020({ allErrors: true, strict: false, validateFormats: false, ownProperties: true, logger: false, code: { regExp: linearPatterns } });
  try {
    const validate = bounded.compile(() => compiler().compile(schema));
    return (value) => {
      const valid = bounded.check(() => withinPatternBudget(() => validate(value)));
      if (valid instanceof Error) return [{ instancePath: '', keyword: 'pattern', message: `cannot be checked: ${valid.message}`, params: {} }];
      return valid ? [] : (validate.errors ?? []);
    };
  } catch (error) {
    if (error instanceof FailureError) throw error;
    throw new FailureError('invalid_request', `The schema of ${subject} is not a valid JSON Schema: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
