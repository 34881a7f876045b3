import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { FieldError, JsonValue, Tool } from '@trivet/contracts';

/** Checks tool inputs against their JSON Schemas; each schema is compiled once, by the tool's digest. */
export function createInputCheck(): (tool: Tool, input: JsonValue) => FieldError[] {
  const ajv = new Ajv2020({ allErrors: true, strict: false, logger: false });
  const compiled = new Map<string, ValidateFunction>();
  return (tool, input) => {
    const key = `${tool.name}@${tool.digest}`;
    const validate = compiled.get(key) ?? ajv.compile(tool.input);
    compiled.set(key, validate);
    if (validate(input)) return [];
    return (validate.errors ?? []).map((error) => ({
      pointer: error.instancePath,
      detail: `${error.message ?? 'is not valid'}${error.keyword === 'additionalProperties' ? ` (${String(error.params['additionalProperty'])})` : ''}`,
    }));
  };
}
