import type { RecoveryState, TenantErasure, WorkflowErasure } from '@trivet/state';
import { isMessageOf } from './facts.js';
import { TOMBSTONE_MS } from '../runner/change.js';

/** That a workflow was erased, or with no workflow a whole tenant: as the journal says it. */
export interface Erasure {
  tenant: string;
  workflowId?: string;
  /** ISO 8601 */
  at: string;
}

/** An erasure with the place in the journal where it says so: what was erased stood before it. */
export type JournaledErasure = Erasure & { seq: number };

export interface ErasureParts {
  state: Pick<RecoveryState, 'dropWitnesses'>;
  workflowErasure: WorkflowErasure;
  tenantErasure: TenantErasure;
  nowMs: () => number;
  keepFinishedMs: number;
  /** For how long the journal may hold what an older copy of it holds. */
  journalMaxAgeMs: number;
}

/** For how long the id of an erased workflow is refused: as long as that of one that expired, and as long as the journal says why. */
export const tombstoneMsOf = ({ keepFinishedMs, journalMaxAgeMs }: Pick<ErasureParts, 'keepFinishedMs' | 'journalMaxAgeMs'>): number => Math.max(keepFinishedMs + TOMBSTONE_MS, journalMaxAgeMs);

/** What a fact of the journal says was erased; null: it says something else. */
export function erasureIn(message: Uint8Array): Erasure | null {
  const event: { data: { fact: { kind: string } & Erasure } } = JSON.parse(new TextDecoder().decode(message));
  const { kind, tenant, workflowId, at } = event.data.fact;
  if (kind === 'tenant-erased') return { tenant, at };
  return kind === 'erased' && workflowId !== undefined ? { tenant, workflowId, at } : null;
}

/** Erases from a Redis that is older than the journal what was erased since; what came after that under the same name stays. */
export async function eraseAgain(parts: ErasureParts, erasures: readonly JournaledErasure[]): Promise<void> {
  const known = await parts.tenantErasure.erasures();
  const rest = new Map<string, string[]>();
  for (const { tenant, workflowId, at, seq: erasedBefore } of erasures) {
    // Those of that older Redis, of messages that the journal has no more.
    await parts.state.dropWitnesses(({ messageId, seq }) => seq < erasedBefore && (workflowId === undefined ? isMessageOf(tenant, messageId) : messageId.startsWith(`${tenant}:${workflowId}:`)));
    if (workflowId === undefined) {
      if ((known.get(tenant) ?? '') >= at) continue;
      await parts.tenantErasure.erase(tenant);
      await parts.tenantErasure.note(tenant, at);
    } else {
      const erasedAtMs = Date.parse(at);
      const tombstoneMs = erasedAtMs + tombstoneMsOf(parts) - parts.nowMs();
      if ((await parts.workflowErasure.eraseRecord({ tenant, workflowId }, { tombstoneMs, erasedAtMs })) === 'erased') rest.set(tenant, [...(rest.get(tenant) ?? []), workflowId]);
    }
  }
  for (const [tenant, workflowIds] of rest) await parts.workflowErasure.eraseRest(tenant, workflowIds);
}
