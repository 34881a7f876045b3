import { memory, type MemoryEntry, type MemoryFilter } from '@trivet/tool-sdk/guest';

interface Input {
  query: string;
  limit?: number;
  minScore?: number;
  filter?: MemoryFilter;
  collection?: string;
}

/** What has nothing in common with the question is no answer, even when there is nothing else. */
const LEAST_SCORE = 0.1;

/** What was kept that is nearest to a question. */
export function run({ query, ...options }: Input): { memories: (MemoryEntry & { score: number })[]; notice?: string } {
  const { hits, notice } = memory.search(query, { minScore: LEAST_SCORE, ...options });
  return { memories: hits, ...(notice === undefined ? {} : { notice }) };
}
