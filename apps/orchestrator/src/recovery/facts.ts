import { subjects, type Bus } from '@trivet/bus';
import type { AccountLimits, AuditRow, Policy, Schedule } from '@trivet/contracts';
import type { AccountRef, AuditLog, Ledger, LedgerClock, PolicyStore, ScheduleStore } from '@trivet/state';

/** What is journaled and belongs to no workflow stands under this id; no task may have it. */
export const FACTS_WORKFLOW = '_facts';

export type Fact =
  | { kind: 'limits'; account: AccountRef; windows: AccountLimits['windows'] }
  | { kind: 'policy'; policy: Policy }
  | { kind: 'schedule'; tenant: string; id: string; schedule: Schedule | null }
  | { kind: 'audit'; rows: readonly AuditRow[] };

/** As audit rows were journaled before they were gathered, each by itself. */
interface AuditFactBefore {
  kind: 'audit';
  row: AuditRow;
}

/** Limits, policies, schedules and audit rows in the journal, so that they come back too. */
export interface Facts {
  record: (tenant: string, fact: Fact) => Promise<void>;
  /** Rows that were written together, one fact a tenant. */
  recordAudit: (rows: readonly AuditRow[]) => Promise<void>;
  /** Writes to Redis what the journal holds. */
  restore: () => Promise<void>;
  /** Sends what is in Redis once more, to a journal that has lost it. */
  again: () => Promise<void>;
}

export interface FactParts {
  bus: Bus;
  ledger: Ledger;
  policies: PolicyStore;
  schedules: ScheduleStore;
  auditLog: AuditLog;
  clock: LedgerClock;
}

const BATCH = 2_000;
const SUBJECT = `trivet.v1.event.*.${FACTS_WORKFLOW}.fact.recorded`;

export function createFacts(parts: FactParts): Facts {
  const { bus } = parts;
  let count = 0;
  const run = `${process.pid}-${Date.now().toString(36)}`;

  async function record(tenant: string, fact: Fact): Promise<void> {
    count += 1;
    const at = new Date(parts.clock.nowMs()).toISOString();
    const event = { seq: 1, type: 'fact.recorded', at, workflowId: FACTS_WORKFLOW, data: { fact } };
    const headers = { 'ce-specversion': '1.0', 'ce-type': 'trivet.fact.recorded', 'ce-source': `/trivet/${tenant}`, 'ce-id': `${FACTS_WORKFLOW}.${run}-${count}`, 'ce-time': at, 'ce-datacontenttype': 'application/json' };
    await bus.publish(subjects.event(tenant, FACTS_WORKFLOW, 'fact.recorded'), event, { workflowId: FACTS_WORKFLOW, headers });
  }

  async function all(): Promise<Fact[]> {
    const facts: Fact[] = [];
    for (let from = 0; ; ) {
      const messages = await bus.read('EVENTS', { subject: SUBJECT, limit: BATCH, afterSeq: from });
      for (const message of messages) {
        const event: { data: { fact: Fact | AuditFactBefore } } = JSON.parse(new TextDecoder().decode(message.data));
        const { fact } = event.data;
        facts.push('row' in fact ? { kind: 'audit', rows: [fact.row] } : fact);
      }
      const last = messages.at(-1);
      if (!last || messages.length < BATCH) return facts;
      from = last.seq;
    }
  }

  return {
    record,
    recordAudit: async (rows) => {
      const tenants = new Set(rows.map((row) => row.tenant));
      await Promise.all([...tenants].map((tenant) => record(tenant, { kind: 'audit', rows: rows.filter((row) => row.tenant === tenant) })));
    },
    restore: async () => {
      const facts = await all();
      for (const fact of latest(facts)) await apply(parts, fact);
      await parts.auditLog.restore(facts.flatMap((fact) => (fact.kind === 'audit' ? fact.rows : [])));
    },
    again: async () => {
      for (const policy of await parts.policies.list()) await record(policy.tenant, { kind: 'policy', policy });
    },
  };
}

/** The last word on each thing. */
function latest(facts: readonly Fact[]): Fact[] {
  const byName = new Map<string, Fact>();
  for (const fact of facts) if (fact.kind !== 'audit') byName.set(nameOf(fact), fact);
  return [...byName.values()];
}

function nameOf(fact: Exclude<Fact, { kind: 'audit' }>): string {
  if (fact.kind === 'policy') return `policy ${fact.policy.tenant}`;
  if (fact.kind === 'schedule') return `schedule ${fact.tenant} ${fact.id}`;
  const { scope, tenant, id } = fact.account;
  return `limits ${scope} ${tenant} ${id} ${fact.windows.map((window) => window.window).join(' ')}`;
}

async function apply({ ledger, policies, schedules, clock }: FactParts, fact: Fact): Promise<void> {
  if (fact.kind === 'limits') await ledger.setLimits(fact.account, fact.windows);
  if (fact.kind === 'policy') await policies.put(fact.policy);
  if (fact.kind !== 'schedule' || !fact.schedule) return;
  // Its catch-up policy decides about the times that passed meanwhile.
  const nextAt = fact.schedule.nextAt ?? null;
  if (!(await schedules.get(fact.tenant, fact.id))) await schedules.put({ ...fact.schedule, nextAt: fact.schedule.paused ? null : (nextAt ?? new Date(clock.nowMs()).toISOString()) }, 0);
}
