import type { Bus } from '@trivet/bus';
import type { JournalState, RecoveryState, WorkflowRef } from '@trivet/state';
import type { Logger } from '@trivet/telemetry';
import type { Facts } from './facts.js';

export interface RefillParts {
  bus: Pick<Bus, 'countOf' | 'read'>;
  state: Pick<RecoveryState, 'workflows' | 'lengths' | 'rejournal'>;
  journal: Pick<JournalState, 'journaledUpTo'>;
  facts: Pick<Facts, 'again'>;
  logger: Pick<Logger, 'warn'>;
}

const MOST_EVENTS = 1_000_000;
const AT_ONCE = 16;

/**
 * The journal has lost events that Redis has: they go there again, in order.
 * @returns whether nothing was missing: only then is it over, since a relay may mark meanwhile what it sent before the loss
 */
export async function refill(parts: RefillParts): Promise<boolean> {
  let count = 0;
  const refs = parts.state.workflows();
  // Each look is a few round trips, and most workflows are whole.
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let next = await refs.next(); !next.done; next = await refs.next()) if (await refillWorkflow(parts, next.value)) count += 1;
    }),
  );
  if (count > 0) {
    parts.logger.warn({ workflows: count }, 'the journal has lost events: they are sent again from Redis');
    return false;
  }
  // Once, with the pass that ends it: tools and files are large.
  await parts.facts.again();
  return true;
}

/** @returns whether events were missing that are marked as journaled; others are on their way anyhow */
async function refillWorkflow({ bus, state, journal }: RefillParts, ref: WorkflowRef): Promise<boolean> {
  // In this order: what is marked or there now is in the stream by the time that is read.
  const [length] = await state.lengths([ref]);
  if (!length || length === 'expired') return false;
  const marked = await journal.journaledUpTo(ref);
  const kept = await keptFromTheBeginning(bus, ref, length.seq);
  if (kept >= marked) return false;
  await state.rejournal(ref, kept);
  return true;
}

/** Up to which event the journal has all of a workflow: it may hold later ones, which came after it lost the others. */
async function keptFromTheBeginning(bus: RefillParts['bus'], ref: WorkflowRef, length: number): Promise<number> {
  const subject = `trivet.v1.event.${ref.tenant}.${ref.workflowId}.>`;
  const count = await bus.countOf('EVENTS', subject);
  if (count === 0 || count >= length) return count;
  const messages = await bus.read('EVENTS', { subject, limit: MOST_EVENTS });
  const there = new Set(messages.map(({ headers }) => Number((headers['ce-id'] ?? '').split('.').at(-1))));
  let kept = 0;
  while (there.has(kept + 1)) kept += 1;
  return kept;
}
