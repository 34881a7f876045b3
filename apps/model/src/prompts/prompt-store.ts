import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { FailureError, LATEST_LABEL, type Prompt as PromptView } from '@trivet/contracts';
import { labelsOf, newestOf, selectVersion, type PromptHead, type PromptUploads } from '@trivet/state';
import { parsePrompt, type Prompt } from './prompt.js';

export interface PromptStore {
  /**
   * @param reference `report` (its production version, else the latest), `report@3`, `report@production`, `report@latest`
   * @param tenant whose uploaded versions and labels count; absent: nobody's
   * @throws FailureError prompt_unknown
   */
  find(reference: string, tenant?: string): Promise<Prompt>;
}

/** What tenants uploaded; absent in tests of what is bundled. */
export type Uploads = Pick<PromptUploads, 'head' | 'version' | 'names'>;

/** A head that was read is good for this long: a label that moves holds everywhere within it. */
const FRESH_MS = 500;
/** Versions never change, so those that were read stay. */
const MOST_KEPT = 200;
const NO_HEAD: PromptHead = { newest: 0, labels: {} };

export function createPromptStore(prompts: readonly Prompt[], uploads?: Uploads): PromptStore {
  const byName = bundledByName(prompts);
  const heads = new Map<string, { at: number; head: Promise<PromptHead> }>();
  const kept = new Map<string, Prompt>();

  function headOf(tenant: string, name: string): Promise<PromptHead> {
    if (!uploads) return Promise.resolve(NO_HEAD);
    const key = `${tenant}/${name}`;
    const known = heads.get(key);
    if (known && performance.now() - known.at < FRESH_MS) return known.head;
    const head = uploads.head(tenant, name);
    if (heads.size >= MOST_KEPT) heads.clear();
    heads.set(key, { at: performance.now(), head });
    head.catch(() => heads.delete(key));
    return head;
  }

  async function uploaded(tenant: string, name: string, version: number): Promise<Prompt | undefined> {
    const key = `${tenant}/${name}@${version}`;
    const known = kept.get(key);
    if (known || !uploads) return known;
    const found = await uploads.version(tenant, name, version);
    if (!found) return undefined;
    if (kept.size >= MOST_KEPT) kept.clear();
    const prompt = { ...found, labels: [] };
    kept.set(key, prompt);
    return prompt;
  }

  return {
    async find(reference, tenant) {
      const [name = '', selector] = reference.split('@');
      const bundled = byName.get(name) ?? [];
      const head = tenant === undefined ? NO_HEAD : await headOf(tenant, name);
      const known = { bundled: bundled.map(viewOf), head };
      if (newestOf(known) === 0) {
        const own = tenant === undefined || !uploads ? [] : await uploads.names(tenant);
        throw unknownPrompt(`No prompt is called '${name}'; there are: ${[...new Set([...byName.keys(), ...own])].sort().join(', ')}.`);
      }
      const version = selectVersion(known, selector);
      const at = async (number: number): Promise<Prompt | undefined> => {
        // A version that a tenant made stays what it is, also when a later release bundles one of its number.
        const own = tenant === undefined || number > head.newest ? undefined : await uploaded(tenant, name, number);
        return own ?? bundled.find((each) => each.version === number);
      };
      const found = version === null ? undefined : await at(version);
      // A label of a file that a release no longer has must not hide the rest.
      const instead = found ?? (selector === undefined ? await at(newestOf(known)) : undefined);
      if (instead) return instead;
      const labels = [...labelsOf(known).keys()].filter((label) => label !== LATEST_LABEL);
      throw unknownPrompt(`Prompt '${name}' has no version or label '${selector}'; it has the versions ${[...bundled.map((each) => each.version), ...(head.newest > 0 ? [`up to ${head.newest}`] : [])].join(', ')} and the labels ${[...labels, LATEST_LABEL].join(', ')}.`);
    },
  };
}

/** Newest first. */
function bundledByName(prompts: readonly Prompt[]): Map<string, Prompt[]> {
  const byName = new Map<string, Prompt[]>();
  for (const prompt of prompts) {
    const versions = byName.get(prompt.name) ?? [];
    const twice = versions.find(({ version, labels }) => version === prompt.version || labels.some((label) => prompt.labels.includes(label)));
    if (twice) throw new Error(`Prompt ${prompt.name} has the versions ${twice.version} and ${prompt.version} with the same number or label`);
    byName.set(prompt.name, [...versions, prompt].sort((left, right) => right.version - left.version));
  }
  return byName;
}

/** A bundled prompt as it is announced and listed. */
export const viewOf = (prompt: Prompt): PromptView => ({ ...prompt, labels: [...prompt.labels], origin: 'bundled', createdAt: null, createdBy: null });

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
