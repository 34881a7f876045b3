import { FailureError, type FieldError, type JsonObject, type JsonValue } from '@trivet/contracts';
import { boundedSchema, linearPatterns, withinPatternBudget } from '@trivet/service';
import { Ajv2020 } from 'ajv/dist/2020.js';

/** Every mistake in a value, with its JSON pointer; empty when there is none. */
export type SchemaCheck = (value: JsonValue) => FieldError[];

/**
 * Compiles a JSON Schema (2020-12) of a manifest. Throws a FailureError when it is none. Each schema has an own compiler,
 * so that the $id of one tool cannot reach another's, and a reference to the outside is an error, never a download.
 */
export function compileSchema(schema: JsonObject, subject: string): SchemaCheck {
  const bounded = boundedSchema(schema, subject);
  const compiler = (): Ajv2020 => new Ajv2020({ allErrors: true, strict: false, validateFormats: false, ownProperties: true, logger: false, code: { regExp: linearPatterns } });
  try {
    const validate = bounded.compile(() => compiler().compile(schema));
    return (value) => {
      const valid = bounded.check(() => withinPatternBudget(() => validate(value)));
      if (valid instanceof Error) return [{ pointer: '', detail: `cannot be checked: ${valid.message}` }];
      if (valid) return [];
      return (validate.errors ?? []).map(({ instancePath, message, params, keyword }) => ({
        pointer: keyword === 'additionalProperties' ? `${instancePath}/${params['additionalProperty']}` : instancePath,
        detail: keyword === 'additionalProperties' ? 'is not a field this takes' : (message ?? 'is not valid'),
      }));
    };
  } catch (error) {
    throw new FailureError('invalid_request', `The schema of the ${subject} is not a JSON Schema: ${error instanceof Error ? error.message : 'unknown'}.`);
  }
}
