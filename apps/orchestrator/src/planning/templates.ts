import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, Plan, Template, canonicalJson, parseOrFail } from '@trivet/contracts';
import { parse } from 'yaml';
import { z } from 'zod';

/** A template as its file has it: its plan stands beside its name. */
const TemplateFile = z.strictObject({ ...Template.omit({ plan: true, digest: true }).shape, ...Plan.shape });

/** Reads every template of a folder; a broken one stops the start and names its mistakes. */
export async function loadTemplates(folder: string): Promise<ReadonlyMap<string, Template>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  const templates = new Map<string, Template>();
  for (const file of files) {
    const { name, title, description, input, ...plan } = parseOrFail(TemplateFile, parseYaml(await readFile(join(folder, file), 'utf8'), file), `the template ${file}`);
    if (file !== `${name}.yaml`) throw new Error(`The template file ${file} holds the template ${name}; call it ${name}.yaml.`);
    templates.set(name, { name, title, description, ...(input ? { input } : {}), plan, digest: createHash('sha256').update(canonicalJson(plan)).digest('hex') });
  }
  return templates;
}

function parseYaml(text: string, file: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new Error(`The template ${file} is not YAML: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}

/** The template a task is planned by; one that names neither plan nor template gets the default. */
export const DEFAULT_TEMPLATE = 'research';

export function chooseTemplate(templates: ReadonlyMap<string, Template>, name: string | undefined): Template {
  const template = templates.get(name ?? DEFAULT_TEMPLATE);
  if (!template) throw new FailureError('template_unknown', `There is no template ${name}; there are ${[...templates.keys()].join(', ')}.`, { errors: [{ pointer: '/template', detail: `names the template ${name}, which does not exist` }] });
  return template;
}
