import { FailureError, type JsonObject, type ModelMessage, type PromptBody } from '@trivet/contracts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { renderTemplate } from './template.js';

/** What is rendered: a version, or a draft. */
export type Renderable = PromptBody & { name: string; version: number | null };

const ajv = new Ajv2020({ allErrors: true, strict: false });
const validators = new WeakMap<object, ValidateFunction>();

/**
 * The messages of a prompt with its variables filled in. Values are inserted as they are (no HTML escaping) and never
 * rendered again, so a value that looks like a template stays text.
 * @throws FailureError prompt_variables_invalid, naming every variable that is missing, surplus or of the wrong form
 */
export function renderPrompt(prompt: Renderable, variables: JsonObject): ModelMessage[] {
  checkVariables(prompt, variables);
  const fill = (template: string): string => renderTemplate(template, variables, nameOf(prompt));
  return [
    ...(prompt.system === undefined ? [] : [{ role: 'system' as const, content: fill(prompt.system) }]),
    { role: 'user' as const, content: fill(prompt.user) },
  ];
}

const nameOf = ({ name, version }: Renderable): string => (version === null ? `${name} (draft)` : `${name}@${version}`);

function checkVariables(prompt: Renderable, variables: JsonObject): void {
  const validate = validators.get(prompt.input) ?? ajv.compile({ ...prompt.input, additionalProperties: false });
  validators.set(prompt.input, validate);
  if (validate(variables)) return;
  const errors = (validate.errors ?? []).map(({ keyword, params, instancePath, message }) => {
    if (keyword === 'required') return { pointer: `/variables/${params.missingProperty}`, detail: `the variable '${params.missingProperty}' is missing` };
    if (keyword === 'additionalProperties') return { pointer: `/variables/${params.additionalProperty}`, detail: `the variable '${params.additionalProperty}' is not one it takes` };
    return { pointer: `/variables${instancePath}`, detail: `the variable '${instancePath.slice(1)}' ${message ?? 'is not valid'}` };
  });
  const takes = Object.keys(prompt.input.properties).join(', ');
  throw new FailureError('prompt_variables_invalid', `Prompt ${nameOf(prompt)}: ${errors.map(({ detail }) => detail).join('; ')}. It takes: ${takes}.`, { errors });
}
