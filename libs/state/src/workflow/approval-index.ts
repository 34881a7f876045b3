import { keys, PARTITIONS } from '../keys.js';
import { withRedis, type Redis } from '../redis.js';

export interface ApprovalEntry {
  workflowId: string;
  stepId: string;
  approvalId: string;
  requestedMs: number;
}

/** The open approvals of a tenant; kept by the commits that ask and answer. */
export interface ApprovalIndex {
  /** Oldest first, from `offset` on. */
  list: (tenant: string, offset: number, limit: number) => Promise<{ entries: ApprovalEntry[]; total: number }>;
}

export function createApprovalIndex(redis: Redis): ApprovalIndex {
  return {
    list: async (tenant, offset, limit) => {
      const perPartition = await withRedis(() => Promise.all(PARTITIONS.map((partition) => redis.zrange(keys.approvals(partition, tenant), '0', '-1', 'WITHSCORES'))));
      const entries = perPartition.flatMap(entriesOf).sort((left, right) => left.requestedMs - right.requestedMs || (left.approvalId < right.approvalId ? -1 : 1));
      return { entries: entries.slice(offset, offset + limit), total: entries.length };
    },
  };
}

function entriesOf(flat: readonly string[]): ApprovalEntry[] {
  const entries: ApprovalEntry[] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    const [workflowId, stepId, approvalId] = (flat[index] ?? '').split('|');
    if (workflowId && stepId && approvalId) entries.push({ workflowId, stepId, approvalId, requestedMs: Number(flat[index + 1]) });
  }
  return entries;
}
