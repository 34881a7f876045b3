import { keys, PARTITIONS } from '@trivet/state';
import { hasEnded } from '../workflow/state.js';
import { TENANTS } from './workload.js';
import type { World } from './world.js';

/** What must hold once all workflows have ended; null when it does, else what does not. */
export function checkAtRest({ ledger, network, auditor }: World, busWasLost: boolean): string | null {
  const { tables } = ledger;
  for (const partition of PARTITIONS) {
    const due = tables.sorted(keys.due(partition));
    if (due.length > 0) return `at rest, something is due: ${due.map(([member]) => member).join(', ')}`;
    for (const tenant of TENANTS) {
      const approvals = tables.sorted(keys.approvals(partition, tenant));
      if (approvals.length > 0) return `at rest, an approval is open: ${approvals.map(([member]) => member).join(', ')}`;
    }
    if (tables.sorted(keys.journal(partition)).length > 0) return `at rest, events wait for the journal: ${tables.sorted(keys.journal(partition)).map(([member]) => member).join(', ')}`;
  }
  for (const tier of ['tool', 'model'] as const) {
    const { ready, sent } = ledger.depth(tier);
    if (ready + sent > 0) return `at rest, ${ready} calls of the tier ${tier} are ready and ${sent} dealt`;
  }
  return busWasLost ? null : compareJournal();

  /** A journal that was never lost holds every history, event by event. */
  function compareJournal(): string | null {
    const journaled = new Map<string, string[]>();
    for (const { subject, data } of network.broker.messages('EVENTS')) {
      const [, , , tenant, workflowId] = subject.split('.');
      const key = `${tenant}/${workflowId}`;
      const events = journaled.get(key) ?? [];
      journaled.set(key, events);
      events.push(Buffer.from(data).toString());
    }
    for (const { ref, state } of auditor.workflows()) {
      // One that was lost on the way comes later: its seq says where it belongs.
      const events = (journaled.get(`${ref.tenant}/${ref.workflowId}`) ?? []).sort((left, right) => seqOf(left) - seqOf(right));
      const history = tables.list(keys.events(ref));
      if (hasEnded(state) && events.join('\n') !== history.join('\n')) return `the journal of ${ref.workflowId} has ${events.length} events, its history ${history.length}, and they are not the same: ${events.map(seqOf).join(' ')}`;
    }
    return null;
  }
}

const seqOf = (text: string): number => Number(/"seq":(\d+)/.exec(text)?.[1]);
