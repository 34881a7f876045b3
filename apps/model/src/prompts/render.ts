import { FailureError, type JsonObject, type JsonValue, type ModelMessage } from '@trivet/contracts';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import Mustache from 'mustache';
import type { Prompt } from './prompt.js';

const ajv = new Ajv2020({ allErrors: true, strict: false });
const validators = new WeakMap<Prompt, ValidateFunction>();

/**
 * The messages of a prompt with its variables filled in. Values are inserted as they are (no HTML escaping) and never
 * rendered again, so a value that looks like a template stays text.
 * @throws FailureError prompt_variables_invalid, naming every variable that is missing, surplus or of the wrong form
 */
export function renderPrompt(prompt: Prompt, variables: JsonObject): ModelMessage[] {
  checkVariables(prompt, variables);
  const view = inert(variables);
  const fill = (template: string): string => Mustache.render(template, view, {}, { escape: textOf });
  return [
    ...(prompt.system === undefined ? [] : [{ role: 'system' as const, content: fill(prompt.system) }]),
    { role: 'user' as const, content: fill(prompt.user) },
  ];
}

/** Refuses at load what would surprise at run time: tags for unknown variables, unescaped tags and partials. */
export function checkTemplate(template: string, variables: readonly string[], source: string): void {
  for (const [kind, name] of Mustache.parse(template)) {
    if (kind === 'text' || kind === '!') continue;
    if (kind === '>' || kind === '&' || kind === '=') throw new Error(`Prompt ${source} has the tag {{${kind} ${name}}}; only {{name}}, {{#name}} and {{^name}} are allowed`);
    const root = name.split('.')[0] ?? '';
    if (!variables.includes(root)) throw new Error(`Prompt ${source} uses {{${name}}}, which is not among its variables: ${variables.join(', ')}`);
  }
}

function checkVariables(prompt: Prompt, variables: JsonObject): void {
  const validate = validators.get(prompt) ?? ajv.compile({ ...prompt.input, additionalProperties: false });
  validators.set(prompt, validate);
  if (validate(variables)) return;
  const errors = (validate.errors ?? []).map(({ keyword, params, instancePath, message }) => {
    if (keyword === 'required') return { pointer: `/variables/${params.missingProperty}`, detail: `the variable '${params.missingProperty}' is missing` };
    if (keyword === 'additionalProperties') return { pointer: `/variables/${params.additionalProperty}`, detail: `the variable '${params.additionalProperty}' is not one it takes` };
    return { pointer: `/variables${instancePath}`, detail: `the variable '${instancePath.slice(1)}' ${message ?? 'is not valid'}` };
  });
  const takes = Object.keys(prompt.input.properties).join(', ');
  throw new FailureError('prompt_variables_invalid', `Prompt ${prompt.name}@${prompt.version}: ${errors.map(({ detail }) => detail).join('; ')}. It takes: ${takes}.`, { errors });
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** A copy without prototypes: a name in a template can reach data only, never a method. */
function inert(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(inert);
  if (value === null || typeof value !== 'object') return value;
  const copy: JsonObject = Object.create(null);
  for (const [key, item] of Object.entries(value)) copy[key] = inert(item);
  return copy;
}
