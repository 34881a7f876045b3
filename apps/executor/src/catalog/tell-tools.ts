import { createHash } from 'node:crypto';
import { canonicalJson, type Tool } from '@trivet/contracts';
import type { Presence } from '@trivet/state';
import type { AnyTool } from './tool-source.js';
import { describeTool } from './tool-catalog.js';

const EVERY_MS = 2_000;

export interface TellToolsParts {
  presence: Pick<Presence, 'announceTools'>;
  workerId: string;
  /** Those that come with this executor; servers may bring more at any time. */
  tools: ReadonlyMap<string, AnyTool>;
  onError: (error: unknown) => void;
}

/** Tells which tools come with an executor, again and again, since Redis may have lost them. Resolves once it is told for the first time. */
export async function tellTools({ presence, workerId, tools, onError }: TellToolsParts): Promise<{ digest: () => string; stop: () => void }> {
  let digest = '';
  const tell = async (): Promise<void> => {
    const brought = [...tools.values()].map(describeTool);
    await presence.announceTools(workerId, brought);
    // Not before: who sees another digest reads them anew.
    digest = digestOf(brought);
  };
  await tell();
  const timer = setInterval(() => void tell().catch(onError), EVERY_MS);
  return { digest: () => digest, stop: () => clearInterval(timer) };
}

/** Another one once a tool comes, goes or changes. */
const digestOf = (tools: readonly Tool[]): string => createHash('sha256').update(canonicalJson(tools)).digest('hex').slice(0, 16);
