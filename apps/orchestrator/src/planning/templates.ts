import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, Identifier, Plan, canonicalJson, parseOrFail } from '@trivet/contracts';
import { parse } from 'yaml';
import { z } from 'zod';

/** A plan with a name, written in YAML. */
const Template = z.strictObject({ name: Identifier, description: z.string().min(1), ...Plan.shape });

export interface LoadedTemplate {
  name: string;
  description: string;
  plan: Plan;
  /** sha256 of the content: a workflow stays pinned to the content it was made from. */
  digest: string;
}

/** Reads every template of a folder; a broken one stops the start and names its mistakes. */
export async function loadTemplates(folder: string): Promise<ReadonlyMap<string, LoadedTemplate>> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  const templates = new Map<string, LoadedTemplate>();
  for (const file of files) {
    const { name, description, ...plan } = parseOrFail(Template, parse(await readFile(join(folder, file), 'utf8')), `the template ${file}`);
    templates.set(name, { name, description, plan, digest: createHash('sha256').update(canonicalJson(plan)).digest('hex') });
  }
  return templates;
}

/** The template a task is planned by; one that names neither plan nor template gets the default. */
export const DEFAULT_TEMPLATE = 'research';

export function chooseTemplate(templates: ReadonlyMap<string, LoadedTemplate>, name: string | undefined): LoadedTemplate {
  const template = templates.get(name ?? DEFAULT_TEMPLATE);
  if (!template) throw new FailureError('template_unknown', `There is no template ${name}; there are ${[...templates.keys()].join(', ')}.`, { errors: [{ pointer: '/template', detail: `names the template ${name}, which does not exist` }] });
  return template;
}
