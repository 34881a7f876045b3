import { subjects, type Bus } from '@trivet/bus';
import { letterTenant, letterOf, workflowOf } from '../api/dead-letters.js';

type ErasingBus = Pick<Bus, 'purge' | 'read' | 'remove'>;

const BATCH = 500;

/** Takes what streams beside the journal hold of a workflow, or of a whole tenant: calls and results that nobody waits for, spans, dead letters. */
export async function eraseMessages(bus: ErasingBus, tenant: string, workflowId?: string): Promise<void> {
  await Promise.all([
    bus.purge('CALLS', { subject: subjects.callsOf(tenant, workflowId) }),
    bus.purge('RESULTS', { subject: subjects.resultsOf(tenant, workflowId) }),
    bus.purge('SPANS', { subject: workflowId === undefined ? subjects.spansOf(tenant) : subjects.span(tenant, workflowId) }),
    ...(workflowId === undefined ? [bus.purge('TASKS', { subject: subjects.taskSubmit(tenant) })] : []),
  ]);
  await eraseLetters(bus, tenant, workflowId);
}

async function eraseLetters(bus: ErasingBus, tenant: string, workflowId: string | undefined): Promise<void> {
  for (let afterSeq = 0; ; ) {
    const messages = await bus.read('DEAD', { limit: BATCH, afterSeq });
    for (const message of messages) {
      const letter = letterOf(message);
      if (letterTenant(letter) === tenant && (workflowId === undefined || workflowOf(letter) === workflowId)) await bus.remove('DEAD', message.seq);
    }
    const last = messages.at(-1);
    if (!last || messages.length < BATCH) return;
    afterSeq = last.seq;
  }
}
