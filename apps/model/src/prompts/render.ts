import { FailureError, type JsonObject, type ModelMessage, type PromptBody } from '@trivet/contracts';
import { withinMs } from '@trivet/service';
import { compileSchema, type SchemaCheck } from '../compile-schema.js';
import { renderTemplate } from './template.js';

/** What is rendered: a version, or a draft. */
export type Renderable = PromptBody & { name: string; version: number | null };

/** Rendering takes a few milliseconds; what is limited within it is limited by number. */
const RENDER_MS = 1_000;

/** Of the versions that are kept in memory. */
const checks = new WeakMap<object, SchemaCheck>();

/**
 * The messages of a prompt with its variables filled in. Values are inserted as they are (no HTML escaping) and never
 * rendered again, so a value that looks like a template stays text.
 * @throws FailureError prompt_variables_invalid, naming every variable that is missing, surplus or of the wrong form
 */
export function renderPrompt(prompt: Renderable, variables: JsonObject): ModelMessage[] {
  checkVariables(prompt, variables);
  const fill = (template: string): string => withinMs(RENDER_MS, `rendering the prompt ${nameOf(prompt)}`, () => renderTemplate(template, variables, nameOf(prompt)));
  return [
    ...(prompt.system === undefined ? [] : [{ role: 'system' as const, content: fill(prompt.system) }]),
    { role: 'user' as const, content: fill(prompt.user) },
  ];
}

const nameOf = ({ name, version }: Renderable): string => (version === null ? `${name} (draft)` : `${name}@${version}`);

function checkVariables(prompt: Renderable, variables: JsonObject): void {
  const check = checks.get(prompt.input) ?? compileSchema({ ...prompt.input, additionalProperties: false }, `the variables of ${nameOf(prompt)}`);
  checks.set(prompt.input, check);
  const errors = check(variables).map(({ keyword, params, instancePath, message }) => {
    const field = keyword === 'required' ? params['missingProperty'] : keyword === 'additionalProperties' ? params['additionalProperty'] : undefined;
    const pointer = `/variables${instancePath}${field === undefined ? '' : `/${field}`}`;
    const name = pointer.slice('/variables/'.length);
    const detail = keyword === 'required' ? `the variable '${name}' is missing` : keyword === 'additionalProperties' ? `the variable '${name}' is not one it takes` : `the variable '${name}' ${message ?? 'is not valid'}`;
    return { pointer, detail };
  });
  if (errors.length === 0) return;
  const takes = Object.keys(prompt.input.properties).slice(0, 20).join(', ');
  throw new FailureError('prompt_variables_invalid', `Prompt ${nameOf(prompt)}: ${errors.map(({ detail }) => detail).join('; ')}. It takes: ${takes}.`, { errors });
}
