import { subjects, type Bus } from '@trivet/bus';
import { DEFAULT_TENANT, FailureError, isIdentifier } from '@trivet/contracts';
import type { JournalState, Ledger, RecoveryState, TenantErasure, WorkflowErasure, WorkflowRef } from '@trivet/state';
import type { Actor, AuditTrail } from '../audit/audit-trail.js';
import { FACTS_WORKFLOW, isMessageOf, type Facts } from '../recovery/facts.js';
import { eraseMessages } from './erase-messages.js';
import { familyOf, type FamilyParts, type Member } from './family.js';

/**
 * Erases for good. Redis first, with a tombstone, so that nothing is sent to the journal any more; then the journal is told, so that
 * a rebuild does not bring it back; and what the journal holds goes last, since by that an erasure that was cut short is found again.
 */
export interface Erasing {
  /** A workflow and all that it began. @throws FailureError not_found, state_conflict */
  workflow: (by: Actor, ref: WorkflowRef) => Promise<void>;
  /** All of a tenant but its audit. @throws FailureError not_found, state_conflict */
  tenant: (by: Actor, tenant: string) => Promise<void>;
}

export interface ErasingParts extends FamilyParts {
  bus: Pick<Bus, 'purge' | 'read' | 'remove' | 'countOf' | 'streamState'>;
  workflowErasure: WorkflowErasure;
  tenantErasure: TenantErasure;
  recoveryState: Pick<RecoveryState, 'dropWitnesses'>;
  journal: Pick<JournalState, 'journaledUpTo'>;
  ledger: Pick<Ledger, 'readAccount'>;
  audit: AuditTrail;
  facts: Pick<Facts, 'record' | 'auditAgain'>;
  /** Forgets the API keys it knows. */
  forgetKeys: () => void;
  nowMs: () => number;
  tombstoneMs: number;
  /** A named place where a test may kill this process. */
  reach: (label: string) => void;
}

const WAIT_MS = 5_000;
const LOOK_AGAIN_MS = 50;

export function createErasing(parts: ErasingParts): Erasing {
  const { bus, workflowErasure, tenantErasure, facts } = parts;
  const nowIso = (): string => new Date(parts.nowMs()).toISOString();

  async function prepare({ ref, seq }: Member): Promise<void> {
    if (seq === null) return;
    await requireSettled(parts.ledger, ref);
    await waitFor(async () => (await parts.journal.journaledUpTo(ref)) >= seq, `The last events of workflow ${ref.workflowId}`);
  }

  async function eraseMember({ tenant, actor }: Actor, { ref }: Member): Promise<void> {
    const outcome = await workflowErasure.eraseRecord(ref, { tombstoneMs: parts.tombstoneMs });
    if (outcome === 'open') throw new FailureError('state_conflict', `Workflow ${ref.workflowId} was retried a moment ago.`, { hint: 'Cancel it first, or wait for its end.' });
    await facts.record(ref.tenant, { kind: 'erased', tenant: ref.tenant, workflowId: ref.workflowId, at: nowIso() });
    await parts.audit.record({ tenant, actor, action: 'workflow.erase', target: `workflow/${ref.workflowId}`, workflowId: ref.workflowId, detail: null });
  }

  return {
    workflow: async (by, ref) => {
      const family = ref.workflowId === FACTS_WORKFLOW ? null : await familyOf(parts, ref);
      if (!family) throw new FailureError('not_found', `There is no workflow ${ref.workflowId}.`);
      for (const member of family) await prepare(member);
      for (const member of family) await eraseMember(by, member);
      parts.reach('orchestrator.after-erase-record');
      await workflowErasure.eraseRest(ref.tenant, family.map((member) => member.ref.workflowId));
      for (const { ref: { tenant, workflowId } } of family) {
        await parts.recoveryState.dropWitnesses(({ messageId }) => messageId.startsWith(`${tenant}:${workflowId}:`));
        await eraseMessages(bus, tenant, workflowId);
        await bus.purge('EVENTS', { subject: subjects.eventsOf(tenant, workflowId) });
      }
    },
    tenant: async (by, tenant) => {
      await requireErasable(parts, tenant);
      const { lastSeq } = await bus.streamState('EVENTS');
      const at = nowIso();
      await tenantErasure.erase(tenant);
      parts.forgetKeys();
      await facts.record(tenant, { kind: 'tenant-erased', tenant, at });
      await tenantErasure.note(tenant, at);
      // Its audit goes to the journal once more, behind what is taken out there.
      await facts.auditAgain(tenant);
      await parts.audit.record({ ...by, action: 'tenant.erase', target: `tenant/${tenant}`, workflowId: null, detail: null });
      await parts.recoveryState.dropWitnesses(({ messageId, seq }) => seq <= lastSeq && isMessageOf(tenant, messageId));
      await eraseMessages(bus, tenant);
      await bus.purge('EVENTS', { subject: subjects.eventsOfTenant(tenant), belowSeq: lastSeq + 1 });
    },
  };
}

/** What is held is settled later, under names that would come back then. */
async function requireSettled(ledger: ErasingParts['ledger'], { tenant, workflowId }: WorkflowRef): Promise<void> {
  const { windows } = await ledger.readAccount({ scope: 'workflow', tenant, id: workflowId });
  const held = windows.find((window) => window.heldTokens > 0 || window.heldNanoUsd > 0);
  if (held) throw new FailureError('state_conflict', `A model call of workflow ${workflowId} is still being stopped: its account holds ${held.heldTokens} tokens and ${held.heldNanoUsd} nano-USD.`, { hint: 'Try again in a minute.' });
}

async function requireErasable({ tenantErasure, bus }: ErasingParts, tenant: string): Promise<void> {
  const missing = new FailureError('not_found', `There is no tenant ${JSON.stringify(tenant.slice(0, 80))}, or nothing of it but its audit.`, { hint: 'See GET /api/v1/tenants.' });
  if (!isIdentifier(tenant)) throw missing;
  if (tenant === DEFAULT_TENANT) throw new FailureError('state_conflict', `The tenant ${DEFAULT_TENANT} is the operator's own and cannot be erased.`, { hint: 'Erase its workflows one by one: DELETE /api/v1/workflows/{id}.' });
  if (!(await tenantErasure.exists(tenant)) && (await leftInJournal(bus, tenant)) === 0) throw missing;
  const open = await tenantErasure.countOpen(tenant);
  if (open > 0) throw new FailureError('state_conflict', `${open} workflow${open === 1 ? '' : 's'} of the tenant ${tenant} ${open === 1 ? 'has' : 'have'} not ended.`, { hint: 'Pause its schedules and cancel them first: POST /api/v1/workflows/bulk, or wait for their end.', detail: { open } });
  await waitFor(async () => !(await tenantErasure.awaitsJournal(tenant)), `Events of the tenant ${tenant}`);
}

/** Messages of workflows: what belongs to none is its audit, or says that it was erased. */
async function leftInJournal(bus: ErasingParts['bus'], tenant: string): Promise<number> {
  return (await bus.countOf('EVENTS', subjects.eventsOfTenant(tenant))) - (await bus.countOf('EVENTS', subjects.eventsOf(tenant, FACTS_WORKFLOW)));
}

/** @throws FailureError unavailable, when it takes too long */
async function waitFor(isThere: () => Promise<boolean>, what: string): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; performance.now() < deadline; ) {
    if (await isThere()) return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
  }
  throw new FailureError('unavailable', `${what} have not reached the journal within ${WAIT_MS / 1_000} s, so nothing was erased.`, { hint: 'Look at /readyz?verbose, then try again.' });
}
