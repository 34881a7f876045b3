import { FailureError, type JsonObject } from '@trivet/contracts';
import { PatternBudgetError, linearPatterns, withinPatternBudget } from '@trivet/service';
import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';

/** Every mistake in a value; empty when there is none. */
export type SchemaCheck = (value: unknown) => Pick<ErrorObject, 'instancePath' | 'keyword' | 'message' | 'params'>[];

/**
 * Compiles a JSON Schema (2020-12) that a caller or a prompt's author wrote. Each has a compiler of its own, so that the
 * $id of one reaches no other, and its patterns run in linear time: both the schema and what is held to it may be hostile.
 * @throws FailureError invalid_request when it is none
 */
export function compileSchema(schema: JsonObject, subject: string): SchemaCheck {
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false, ownProperties: true, logger: false, code: { regExp: linearPatterns } });
  try {
    const validate = ajv.compile(schema);
    return (value) => {
      const valid = withinPatternBudget(() => validate(value));
      if (valid instanceof PatternBudgetError) return [{ instancePath: '', keyword: 'pattern', message: `cannot be checked: ${valid.message}`, params: {} }];
      return valid ? [] : (validate.errors ?? []);
    };
  } catch (error) {
    throw new FailureError('invalid_request', `The schema of ${subject} is not a valid JSON Schema: ${error instanceof Error ? error.message : String(error)}.`);
  }
}
