import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FieldError, JsonObject, JsonValue, Tool } from '@trivet/contracts';
import { boundedSchema, linearPatterns, withinPatternBudget } from '@trivet/service';

/**
 * Checks tool inputs against their JSON Schemas. Each schema is compiled once, by a compiler of its own: the `$id` of one
 * tenant's tool cannot reach another's.
 */
export function createInputCheck(): (tool: Tool, input: JsonValue) => FieldError[] {
  const compiled = new WeakMap<JsonObject, { validate: ValidateFunction; check: (input: JsonValue) => unknown }>();
  const compile = ({ name, input: schema }: Tool) => {
    const bounded = boundedSchema(schema, `input of ${name}`);
    const validate = bounded.compile(() => new Ajv2020({ allErrors: true, strict: false, logger: false, code: { regExp: linearPatterns } }).compile(schema));
    return { validate, check: (input: JsonValue): unknown => bounded.check(() => withinPatternBudget(() => validate(input))) };
  };
  return (tool, input) => {
    const { validate, check } = compiled.get(tool.input) ?? compile(tool);
    compiled.set(tool.input, { validate, check });
    const valid = check(input);
    if (valid instanceof Error) return [{ pointer: '', detail: `cannot be checked: ${valid.message}` }];
    if (valid) return [];
    return (validate.errors ?? []).map((error) => ({
      pointer: error.instancePath,
      detail: `${error.message ?? 'is not valid'}${error.keyword === 'additionalProperties' ? ` (${String(error.params['additionalProperty'])})` : ''}`,
    }));
  };
}
