import { FailureError, Identifier, parseOrFail, type Prompt } from '@trivet/contracts';
import { labelsOf, newestOf, selectVersion, type KnownPrompt, type PromptUploads, type UploadedPrompt } from '@trivet/state';

/** The versions below a number, at most so many. */
export interface VersionsPage {
  below: number;
  limit: number;
}

/** What prompts there are for a tenant: bundled and uploaded versions as one list, with the labels that hold for it. */
export interface PromptLibrary {
  known: (tenant: string, name: string) => Promise<KnownPrompt>;
  /** @throws FailureError not_found for a name nobody has */
  knownOrFail: (tenant: string, name: string) => Promise<KnownPrompt>;
  versionOf: (tenant: string, name: string, found: KnownPrompt, version: number) => Promise<Prompt | null>;
  /** @throws FailureError not_found */
  get: (tenant: string, name: string, selector?: string) => Promise<Prompt>;
  list: (tenant: string) => Promise<Prompt[]>;
  /** Newest first. */
  versions: (tenant: string, name: string, page: VersionsPage) => Promise<Prompt[]>;
}

export function createPromptLibrary(uploads: PromptUploads): PromptLibrary {
  async function known(tenant: string, name: string): Promise<KnownPrompt> {
    const [bundled, head] = await Promise.all([uploads.bundled(), uploads.head(tenant, name)]);
    return { bundled: (bundled ?? []).filter((each) => each.name === name), head };
  }

  async function knownOrFail(tenant: string, name: string): Promise<KnownPrompt> {
    const found = await known(tenant, parseOrFail(Identifier, name, 'the name of the prompt'));
    if (newestOf(found) === 0) throw new FailureError('not_found', `There is no prompt ${JSON.stringify(name)}.`, { hint: 'See GET /api/v1/prompts for the names.' });
    return found;
  }

  async function versionOf(tenant: string, name: string, found: KnownPrompt, version: number): Promise<Prompt | null> {
    // A version that a tenant made stays what it is, also when a later release bundles one of its number.
    const uploaded = version > found.head.newest ? null : await uploads.version(tenant, name, version);
    if (uploaded) return viewOf(uploaded, found);
    const bundled = found.bundled.find((each) => each.version === version);
    return bundled ? { ...bundled, labels: labelsAt(found, version) } : null;
  }

  async function get(tenant: string, name: string, selector?: string): Promise<Prompt> {
    const found = await knownOrFail(tenant, name);
    const version = selectVersion(found, selector);
    const chosen = version === null ? null : await versionOf(tenant, name, found, version);
    // A label of a file that a release no longer has must not hide the rest.
    const prompt = chosen ?? (selector === undefined ? await versionOf(tenant, name, found, newestOf(found)) : null);
    if (!prompt) throw new FailureError('not_found', `The prompt ${name} has no version or label ${JSON.stringify(selector?.slice(0, 80))}; its newest version is ${newestOf(found)} and its labels are ${[...labelsOf(found).keys()].join(', ')}.`);
    return prompt;
  }

  return {
    known,
    knownOrFail,
    versionOf,
    get,
    list: async (tenant) => {
      const [bundled, own] = await Promise.all([uploads.bundled(), uploads.names(tenant)]);
      const names = [...new Set([...(bundled ?? []).map(({ name }) => name), ...own])].sort();
      return Promise.all(names.map((name) => get(tenant, name)));
    },
    versions: async (tenant, name, { below, limit }) => {
      const found = await knownOrFail(tenant, name);
      const own = (await uploads.versions(tenant, name, { below, limit })).map((each) => viewOf(each, found));
      const taken = new Set(own.map(({ version }) => version));
      const bundled = found.bundled.filter(({ version }) => !taken.has(version) && version < below).map((each) => ({ ...each, labels: labelsAt(found, each.version) }));
      return [...own, ...bundled].sort((left, right) => right.version - left.version).slice(0, limit);
    },
  };
}

const labelsAt = (found: KnownPrompt, version: number): string[] => [...labelsOf(found)].flatMap(([label, at]) => (at === version ? [label] : []));

const viewOf = (prompt: UploadedPrompt, found: KnownPrompt): Prompt => ({ ...prompt, labels: labelsAt(found, prompt.version), origin: 'uploaded' });
