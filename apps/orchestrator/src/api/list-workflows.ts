import type { Page, Workflow, WorkflowCounts } from '@trivet/contracts';
import type { WorkflowStore } from '@trivet/state';
import { decodeAccepted, decodeHead, type HeadRecord } from '../runner/codec.js';
import type { Accepted } from '../workflow/state.js';
import { decodeCursor, encodeCursor, type ListFilter } from './listing.js';
import { scanWorkflows, type ScanParts } from './scan.js';

/** A page of a tenant's workflows, newest first; one that is looked for among many may have few items, and goes on all the same. */
export async function listWorkflows(parts: ScanParts & { store: Pick<WorkflowStore, 'list' | 'loadHeads'> }, tenant: string, filter: ListFilter, view: (accepted: Accepted, head: HeadRecord) => Promise<Workflow>): Promise<Page<Workflow>> {
  const found: string[] = [];
  const next = await scanWorkflows(parts, tenant, filter, filter.cursor ? decodeCursor(filter.cursor) : undefined, ({ workflowId }) => (found.push(workflowId) === filter.limit ? 'enough' : undefined));
  const heads = await parts.store.loadHeads(tenant, found);
  const items = await Promise.all(heads.flatMap((each) => (each ? [view(decodeAccepted(each.task), decodeHead(each.head))] : [])));
  return { items, nextCursor: next && encodeCursor(next) };
}

/** How many there are of each status; the status filter aside. */
export async function countWorkflows(parts: ScanParts, tenant: string, filter: ListFilter): Promise<WorkflowCounts> {
  const counts: WorkflowCounts['counts'] = { accepted: 0, running: 0, waiting: 0, paused: 0, completed: 0, failed: 0, cancelled: 0 };
  let total = 0;
  const next = await scanWorkflows(parts, tenant, { ...filter, status: undefined }, undefined, ({ status }) => {
    counts[status] += 1;
    total += 1;
  });
  return { counts, total, ...(next ? { atLeast: true } : {}) };
}
