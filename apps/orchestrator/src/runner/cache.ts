import type { WorkflowState } from '../workflow/state.js';

export interface CachedWorkflow {
  state: WorkflowState;
  version: number;
  seq: number;
  chain: string;
}

/** Workflows this process moved last. A stale entry does no harm: the commit finds the version changed. */
export function createCache(most: number): { get: (key: string) => CachedWorkflow | undefined; set: (key: string, entry: CachedWorkflow) => void; drop: (key: string) => void } {
  const entries = new Map<string, CachedWorkflow>();
  return {
    get: (key) => entries.get(key),
    set: (key, entry) => {
      entries.delete(key);
      entries.set(key, entry);
      if (entries.size > most) {
        const oldest = entries.keys().next().value;
        if (oldest !== undefined) entries.delete(oldest);
      }
    },
    drop: (key) => void entries.delete(key),
  };
}
