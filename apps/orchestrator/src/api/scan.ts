import type { WorkflowStore } from '@trivet/state';
import type { Entry, Glance, Glances } from './glances.js';
import { matches, type ListFilter } from './listing.js';

export interface ScanParts {
  store: Pick<WorkflowStore, 'list'>;
  glances: Glances;
}

/** How many workflows one question looks at, at most. */
export const MOST_SCANNED = 5_000;
const SCAN_SIZE = 500;

/**
 * Goes through a tenant's workflows that match, newest first, until `visit` has had enough.
 * @param before where to go on; undefined: at the newest
 * @returns where another look goes on; null: there are no more
 */
export async function scanWorkflows({ store, glances }: ScanParts, tenant: string, filter: ListFilter, before: Entry | undefined, visit: (glance: Glance) => 'enough' | void): Promise<Entry | null> {
  let from = before ?? (filter.to && { createdMs: filter.to.getTime() + 1, workflowId: '' });
  for (let scanned = 0; scanned < MOST_SCANNED; ) {
    const limit = Math.min(SCAN_SIZE, MOST_SCANNED - scanned);
    const entries = await store.list(tenant, { limit, ...(from ? { before: from } : {}) });
    for (const glance of await glances.of(tenant, entries)) {
      if (filter.from && glance.createdMs < filter.from.getTime()) return null;
      if (matches(filter, glance) && visit(glance) === 'enough') return { createdMs: glance.createdMs, workflowId: glance.workflowId };
    }
    scanned += entries.length;
    from = entries.at(-1) ?? from;
    if (entries.length < limit) return null;
  }
  return from ?? null;
}
