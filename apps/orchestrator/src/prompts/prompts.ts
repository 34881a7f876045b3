import { FailureError, LATEST_LABEL, PROMPT_LIMITS, PromptBody, type JsonObject, type Prompt, type PromptDiff, type PromptPreview } from '@trivet/contracts';
import { labelsOf, newestOf, type LedgerClock, type PromptUploads } from '@trivet/state';
import type { Actor, AuditTrail } from '../audit/audit-trail.js';
import type { Facts } from '../recovery/facts.js';
import type { RenderAsker } from './ask-render.js';
import { diffPrompts } from './diff-prompts.js';
import { createPromptLibrary, type VersionsPage } from './prompt-library.js';

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
  versions: (tenant: string, name: string, page: VersionsPage) => Promise<Prompt[]>;
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
    checkLabel(label);
    const found = await library.knownOrFail(tenant, name);
    if (version !== null && !(await library.versionOf(tenant, name, found, version))) throw new FailureError('not_found', `The prompt ${name} has no version ${version}; its newest is ${newestOf(found)}.`);
    if (version === null && !labelsOf(found).has(label)) throw new FailureError('not_found', `The prompt ${name} has no label ${JSON.stringify(label)}.`);
    const move = await uploads.setLabel(tenant, name, label, version);
    await parts.facts.record(tenant, { kind: 'prompt-label', tenant, name, label, version, move });
    await parts.audit.record({ tenant, actor, action: version === null ? 'prompt.unlabel' : 'prompt.label', target: `prompt/${name}`, workflowId: null, detail: JSON.stringify({ label, version }) });
  }

  return {
    list: library.list,
    get: library.get,
    versions: library.versions,
    put: async (by, name, given) => {
      const read = await parts.askRender.read('body' in given ? { name, body: given.body } : { name, markdown: given.markdown });
      read.labels.forEach(checkLabel);
      checkSize(name, read.body);
      const bundled = await uploads.bundled();
      if (!bundled) throw new FailureError('unavailable', 'No model service has said yet which prompts come with it, so the number of this one is not known.', { hint: 'Try again in a few seconds; nothing was kept.' });
      const after = Math.max(0, ...bundled.flatMap((each) => (each.name === name ? [each.version] : [])));
      const { status, prompt } = await uploads.add(by.tenant, name, read.body, { by: { createdAt: new Date(parts.clock.nowMs()).toISOString(), createdBy: by.actor }, after, wanted: read.version });
      // Also of one that was kept before: whoever kept it may have died before its fact was written.
      await parts.facts.record(by.tenant, { kind: 'prompt', tenant: by.tenant, prompt });
      if (status === 'added') await parts.audit.record({ tenant: by.tenant, actor: by.actor, action: 'prompt.put', target: `prompt/${name}`, workflowId: null, detail: `version ${prompt.version}` });
      for (const label of read.labels) await setLabel(by, name, label, prompt.version);
      return { prompt: await library.get(by.tenant, name, String(prompt.version)), isNew: status === 'added' };
    },
    setLabel,
    preview: async (tenant, name, { version, label, draft, variables }) => {
      const prompt = draft ? null : await library.get(tenant, name, version === undefined ? label : String(version));
      return { name, version: prompt?.version ?? null, ...(await parts.askRender.render({ name, body: draft ?? bodyOf(prompt), variables })) };
    },
    diff: async (tenant, name, from, to) => {
      const [left, right] = await Promise.all([library.get(tenant, name, from), library.get(tenant, name, to)]);
      return diffPrompts(left, right);
    },
  };
}

/** A label that reads as a version would stand in its way. */
function checkLabel(label: string): void {
  if (label === LATEST_LABEL) throw new FailureError('invalid_request', `The label ${LATEST_LABEL} is kept by itself: it is always the newest version.`, { hint: 'Choose another label, such as production.' });
  if (/^\d+$/.test(label)) throw new FailureError('invalid_request', `The label ${label} reads as a version; a label has at least one character that is no digit.`, { hint: `Choose another label, such as v${label}.` });
}

function checkSize(name: string, body: PromptBody): void {
  const bytes = Buffer.byteLength(JSON.stringify(body));
  if (bytes > PROMPT_LIMITS.bytes) throw new FailureError('payload_too_large', `The prompt ${name} has ${bytes} bytes; the limit is ${PROMPT_LIMITS.bytes}.`, { hint: 'Give long texts as variables.' });
}

const bodyOf = (prompt: Prompt | null): unknown => (prompt ? PromptBody.strip().parse(prompt) : undefined);
