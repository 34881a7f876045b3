import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError } from '@trivet/contracts';
import { parsePrompt, type Prompt } from './prompt.js';

export interface PromptStore {
  /**
   * @param reference `report` (its production version, else the latest), `report@3`, `report@production`, `report@latest`
   * @throws FailureError prompt_unknown
   */
  find(reference: string): Promise<Prompt>;
  list(): Promise<Prompt[]>;
}

export function createPromptStore(prompts: readonly Prompt[]): PromptStore {
  const byName = new Map<string, Prompt[]>();
  for (const prompt of prompts) {
    const versions = byName.get(prompt.name) ?? [];
    const twice = versions.find(({ version, labels }) => version === prompt.version || labels.some((label) => prompt.labels.includes(label)));
    if (twice) throw new Error(`Prompt ${prompt.name} has the versions ${twice.version} and ${prompt.version} with the same number or label`);
    byName.set(prompt.name, [...versions, prompt].sort((left, right) => right.version - left.version));
  }
  return {
    async find(reference) {
      const [name = '', selector] = reference.split('@');
      const versions = byName.get(name);
      if (!versions) throw unknownPrompt(`No prompt is called '${name}'; there are: ${[...byName.keys()].sort().join(', ')}.`);
      const found = select(versions, selector);
      if (!found) throw unknownPrompt(`Prompt '${name}' has no version or label '${selector}'; it has: ${versions.flatMap(({ version, labels }) => [version, ...labels]).join(', ')}, latest.`);
      return found;
    },
    list: async () => [...byName.values()].flat(),
  };
}

function select(versions: readonly Prompt[], selector: string | undefined): Prompt | undefined {
  if (selector === undefined) return versions.find(({ labels }) => labels.includes('production')) ?? versions[0];
  if (selector === 'latest') return versions[0];
  return versions.find(({ version, labels }) => String(version) === selector || labels.includes(selector));
}

const unknownPrompt = (message: string): FailureError => new FailureError('prompt_unknown', message);

/** All prompts of a folder; files are called `<name>.<version>.md`. */
export async function loadPrompts(folder: string): Promise<Prompt[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.md')).sort();
  return Promise.all(
    names.map(async (name) => {
      const prompt = parsePrompt(await readFile(join(folder, name), 'utf8'), name);
      if (name !== `${prompt.name}.${prompt.version}.md`) throw new Error(`Prompt file ${name} holds ${prompt.name} version ${prompt.version}; call it ${prompt.name}.${prompt.version}.md`);
      return prompt;
    }),
  );
}
