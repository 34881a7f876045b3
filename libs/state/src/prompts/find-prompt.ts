import { DEFAULT_LABEL, LATEST_LABEL, type Prompt } from '@trivet/contracts';
import type { PromptHead } from './prompt-uploads.js';

/** What is known of a name before a version of it is chosen. */
export interface KnownPrompt {
  /** The versions that come with the model service. */
  bundled: readonly Prompt[];
  head: PromptHead;
}

/** Every label of a name with the version it points to; those a tenant set, or took away, rule over those of files. */
export function labelsOf({ bundled, head }: KnownPrompt): Map<string, number> {
  const labels = new Map(bundled.flatMap(({ version, labels: own }): [string, number][] => own.map((label) => [label, version])));
  for (const [label, version] of Object.entries(head.labels)) {
    if (version === null) labels.delete(label);
    else labels.set(label, version);
  }
  return labels.set(LATEST_LABEL, newestOf({ bundled, head }));
}

export const newestOf = ({ bundled, head }: KnownPrompt): number => Math.max(head.newest, ...bundled.map(({ version }) => version), 0);

/**
 * The version that a version, a label or nothing means; null: there is no such label.
 * @param selector undefined: its production version, else the latest
 */
export function selectVersion(known: KnownPrompt, selector: string | undefined): number | null {
  const labels = labelsOf(known);
  if (selector === undefined) return labels.get(DEFAULT_LABEL) ?? newestOf(known);
  return /^\d{1,9}$/.test(selector) ? Number(selector) : (labels.get(selector) ?? null);
}
