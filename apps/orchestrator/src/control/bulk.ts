import { MOST_BULK, asFailureError, problemOf, type BulkAnswer, type BulkBody, type Page, type WorkflowStatus } from '@trivet/contracts';
import { parseListQuery, type ListFilter } from '../api/listing.js';
import type { Controls } from './controls.js';

export interface BulkParts {
  controls: Controls;
  matchingIds: (tenant: string, filter: ListFilter) => Promise<Page<string>>;
}

const AT_ONCE = 16;

/** To which workflows an action may be done: those a filter without a status means. */
const FITTING: Readonly<Record<BulkBody['action'], readonly WorkflowStatus[]>> = {
  cancel: ['accepted', 'running', 'waiting', 'paused'],
  pause: ['running', 'waiting'],
  resume: ['paused'],
  retry: ['failed', 'cancelled'],
};

/** Does one action to many workflows, each by itself and with its own row in the audit; what is refused says why. */
export async function controlMany({ controls, matchingIds }: BulkParts, tenant: string, { action, ids, filter, cursor, reason }: BulkBody, actor: string): Promise<BulkAnswer> {
  const { items, nextCursor } = ids ? { items: [...new Set(ids)], nextCursor: null } : await matchingIds(tenant, parseListQuery({ status: [...FITTING[action]], ...filter, cursor, limit: MOST_BULK }));
  const refused = new Map<string, BulkAnswer['refused'][number]>();
  const queue = [...items];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let workflowId = queue.shift(); workflowId !== undefined; workflowId = queue.shift()) {
        const problem = await controls[action]({ tenant, workflowId }, reason, actor).then(() => null, (error: unknown) => problemOf(asFailureError(error), workflowId));
        if (problem) refused.set(workflowId, { workflowId, problem });
      }
    }),
  );
  return { done: items.filter((id) => !refused.has(id)), refused: items.flatMap((id) => refused.get(id) ?? []), nextCursor };
}
