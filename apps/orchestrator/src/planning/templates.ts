import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, Identifier, Plan, canonicalJson, parseOrFail } from '@trivet/contracts';
import { parse } from 'yaml';
import { z } from 'zod';

/** A plan with a name, written in YAML. */
const Template = z.strictObject({
  name: Identifier,
  title: z.string().min(1).max(120),
  description: z.string().min(1).describe('What it does, in the words of somebody who looks for it.'),
  input: z.record(Identifier, z.string()).optional().describe("What it takes as the task's input, a sentence each."),
  ...Plan.shape,
});

export interface LoadedTemplate {
  name: string;
  title: string;
  description: string;
  input?: Record<string, string>;
  plan: Plan;
  /** sha256 of the content: a workflow stays pinned to the content it was made from. */
  digest: string;
}

/** Reads every template of a folder; a broken one stops the start and names its mistakes. */
export async function loadTemplates(folder: string): Promise<ReadonlyMap<string, LoadedTemplate>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  const templates = new Map<string, LoadedTemplate>();
  for (const file of files) {
    const { name, title, description, input, ...plan } = parseOrFail(Template, parseYaml(await readFile(join(folder, file), 'utf8'), file), `the template ${file}`);
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

export function chooseTemplate(templates: ReadonlyMap<string, LoadedTemplate>, name: string | undefined): LoadedTemplate {
  const template = templates.get(name ?? DEFAULT_TEMPLATE);
  if (!template) throw new FailureError('template_unknown', `There is no template ${name}; there are ${[...templates.keys()].join(', ')}.`, { errors: [{ pointer: '/template', detail: `names the template ${name}, which does not exist` }] });
  return template;
}
