import { memory, type MemoryFilter } from '@trivet/tool-sdk/guest';

interface Input {
  ids?: string[];
  filter?: MemoryFilter;
  all?: true;
  collection?: string;
}

/** Forgets what was kept. That exactly one of ids, filter and all is given is checked by the host. */
export function run({ collection, ...what }: Input): { forgotten: number } {
  return memory.forget(what, collection === undefined ? {} : { collection });
}
