import { FailureError, LATEST_LABEL, PROMPT_LIMITS, PromptBody, type JsonObject, type Prompt, type PromptDiff, type PromptPreview } from '@trivet/contracts';
import { labelsOf, newestOf, type LedgerClock, type PromptUploads } from '@trivet/state';
import type { Actor, AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';
import type { RenderAsker } from './ask-render.js';
import { diffPrompts } from './diff-prompts.js';
import { createPromptLibrary } from './prompt-library.js';

/** A version as its author gives it: JSON, or a file with front matter. */
export type GivenPrompt = { body: unknown } | { markdown: string };

export interface PreviewWish {
  version?: number;
  label?: string;
  draft?: PromptBody;
  variables: JsonObject;
}

/** The prompts of a tenant: those that come with the model service, and the versions and labels it made itself. */
export interface Prompts {
  /** Each name in the version it stands for. */
  list: (tenant: string) => Promise<Prompt[]>;
  /** @param selector a version, a label, or nothing: production, else latest */
  get: (tenant: string, name: string, selector?: string) => Promise<Prompt>;
  /** Newest first. */
  versions: (tenant: string, name: string) => Promise<Prompt[]>;
  put: (by: Actor, name: string, given: GivenPrompt) => Promise<{ prompt: Prompt; isNew: boolean }>;
  /** @param version null: the label is taken away */
  setLabel: (by: Actor, name: string, label: string, version: number | null) => Promise<void>;
  preview: (tenant: string, name: string, wish: PreviewWish) => Promise<PromptPreview>;
  diff: (tenant: string, name: string, from: string, to: string) => Promise<PromptDiff>;
}

export interface PromptParts {
  uploads: PromptUploads;
  facts: Pick<Facts, 'record'>;
  audit: AuditTrail;
  clock: Pick<LedgerClock, 'nowMs'>;
  askRender: RenderAsker;
}

export function createPrompts(parts: PromptParts): Prompts {
  const { uploads } = parts;
  const library = createPromptLibrary(uploads);

  async function setLabel({ tenant, actor }: Actor, name: string, label: string, version: number | null): Promise<void> {
    if (label === LATEST_LABEL) throw new FailureError('invalid_request', `The label ${LATEST_LABEL} is kept by itself: it is always the newest version.`, { hint: 'Choose another label, such as production.' });
    const found = await library.knownOrFail(tenant, name);
    if (version !== null && !(await library.versionOf(tenant, name, found, version))) throw new FailureError('not_found', `The prompt ${name} has no version ${version}; its newest is ${newestOf(found)}.`);
    if (version === null && !labelsOf(found).has(label)) throw new FailureError('not_found', `The prompt ${name} has no label ${JSON.stringify(label)}.`);
    if (version !== null && !labelsOf(found).has(label) && labelsOf(found).size > PROMPT_LIMITS.labels) throw new FailureError('state_conflict', `The prompt ${name} has ${PROMPT_LIMITS.labels} labels, which is the limit.`, { hint: 'Take one away first.' });
    await uploads.setLabel(tenant, name, label, version);
    await parts.facts.record(tenant, { kind: 'prompt-label', tenant, name, label, version });
    await parts.audit.record({ tenant, actor, action: version === null ? 'prompt.unlabel' : 'prompt.label', target: `prompt/${name}`, workflowId: null, detail: JSON.stringify({ label, version }) });
  }

  return {
    list: library.list,
    get: library.get,
    versions: library.versions,
    put: async (by, name, given) => {
      const read = await parts.askRender('body' in given ? { name, body: given.body } : { name, markdown: given.markdown });
      const before = await library.known(by.tenant, name);
      if (read.version !== undefined && read.version !== newestOf(before) + 1) throw wrongNumber(name, read.version, newestOf(before));
      const newestBundled = Math.max(0, ...before.bundled.map(({ version }) => version));
      const { status, prompt } = await uploads.add(by.tenant, name, read.body, { createdAt: new Date(parts.clock.nowMs()).toISOString(), createdBy: by.actor }, newestBundled);
      if (status === 'added') {
        await parts.facts.record(by.tenant, { kind: 'prompt', tenant: by.tenant, prompt });
        await parts.audit.record({ tenant: by.tenant, actor: by.actor, action: 'prompt.put', target: `prompt/${name}`, workflowId: null, detail: `version ${prompt.version}` });
      }
      for (const label of read.labels) await setLabel(by, name, label, prompt.version);
      return { prompt: await library.get(by.tenant, name, String(prompt.version)), isNew: status === 'added' };
    },
    setLabel,
    preview: async (tenant, name, { version, label, draft, variables }) => {
      const prompt = draft ? null : await library.get(tenant, name, version === undefined ? label : String(version));
      const { messages = [], inputTokens = 0 } = await parts.askRender({ name, body: draft ?? bodyOf(prompt), variables });
      return { name, version: prompt?.version ?? null, messages, inputTokens };
    },
    diff: async (tenant, name, from, to) => {
      const [left, right] = await Promise.all([library.get(tenant, name, from), library.get(tenant, name, to)]);
      return diffPrompts(left, right);
    },
  };
}

const bodyOf = (prompt: Prompt | null): unknown => (prompt ? PromptBody.strip().parse(prompt) : undefined);

const wrongNumber = (name: string, version: number, newest: number): FailureError =>
  new FailureError('state_conflict', `The file says version ${version} of ${name}; the next one is ${newest + 1}.`, { hint: 'Versions never change: give it the next number, or leave the number out.' });
