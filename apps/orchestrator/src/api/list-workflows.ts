import type { Page, Workflow, WorkflowCounts } from '@trivet/contracts';
import type { WorkflowStore } from '@trivet/state';
import { decodeAccepted, decodeHead, type HeadRecord } from '../runner/codec.js';
import type { Accepted } from '../workflow/state.js';
import { decodeCursor, encodeCursor, type ListFilter } from './listing.js';
import { scanWorkflows, type ScanParts } from './scan.js';

export interface Lists {
  workflows: (tenant: string, filter: ListFilter) => Promise<Page<Workflow>>;
  /** Ids of workflows, newest first. */
  workflowIds: (tenant: string, page: { limit: number; cursor?: string }) => Promise<Page<string>>;
  /** Ids of those that match, newest first. */
  matchingIds: (tenant: string, filter: ListFilter) => Promise<Page<string>>;
  /** How many have each status, of those the filter lets through whatever their status. */
  counts: (tenant: string, filter: ListFilter) => Promise<WorkflowCounts>;
}

type ListParts = ScanParts & { store: Pick<WorkflowStore, 'list' | 'loadHeads'> };

export function createLists(parts: ListParts, view: (accepted: Accepted, head: HeadRecord) => Promise<Workflow>): Lists {
  return {
    workflows: (tenant, filter) => listWorkflows(parts, tenant, filter, view),
    workflowIds: (tenant, page) => listIds(parts, tenant, page),
    matchingIds: (tenant, filter) => findWorkflows(parts, tenant, filter),
    counts: (tenant, filter) => countWorkflows(parts, tenant, filter),
  };
}

/** A page of a tenant's workflows, newest first; one that is looked for among many may have few items, and goes on all the same. */
async function listWorkflows(parts: ListParts, tenant: string, filter: ListFilter, view: (accepted: Accepted, head: HeadRecord) => Promise<Workflow>): Promise<Page<Workflow>> {
  const { items: found, nextCursor } = await findWorkflows(parts, tenant, filter);
  const heads = await parts.store.loadHeads(tenant, found);
  return { items: await Promise.all(heads.flatMap((each) => (each ? [view(decodeAccepted(each.task), decodeHead(each.head))] : []))), nextCursor };
}

async function findWorkflows(parts: ScanParts, tenant: string, filter: ListFilter): Promise<Page<string>> {
  const items: string[] = [];
  const next = await scanWorkflows(parts, tenant, filter, filter.cursor ? decodeCursor(filter.cursor) : undefined, ({ workflowId }) => (items.push(workflowId) === filter.limit ? 'enough' : undefined));
  return { items, nextCursor: next && encodeCursor(next) };
}

async function listIds({ store }: Pick<ScanParts, 'store'>, tenant: string, { limit, cursor }: { limit: number; cursor?: string }): Promise<Page<string>> {
  const entries = await store.list(tenant, { limit, ...(cursor === undefined ? {} : { before: decodeCursor(cursor) }) });
  const last = entries.at(-1);
  return { items: entries.map(({ workflowId }) => workflowId), nextCursor: last && entries.length === limit ? encodeCursor(last) : null };
}

/** How many there are of each status; the status filter aside. */
async function countWorkflows(parts: ScanParts, tenant: string, filter: ListFilter): Promise<WorkflowCounts> {
  const counts: WorkflowCounts['counts'] = { accepted: 0, running: 0, waiting: 0, paused: 0, completed: 0, failed: 0, cancelled: 0 };
  let total = 0;
  const next = await scanWorkflows(parts, tenant, { ...filter, status: undefined }, undefined, ({ status }) => {
    counts[status] += 1;
    total += 1;
  });
  return { counts, total, ...(next ? { atLeast: true } : {}) };
}
