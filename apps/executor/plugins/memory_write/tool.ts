import { memory } from '@trivet/tool-sdk/guest';

interface Input {
  entries: { text: string; id?: string; metadata?: Record<string, unknown>; expiresInMs?: number }[];
  collection?: string;
}

/** Keeps texts for later workflows of the tenant. */
export function run({ entries, collection }: Input): { ids: string[]; notice?: string } {
  return memory.write(entries, collection === undefined ? {} : { collection });
}
