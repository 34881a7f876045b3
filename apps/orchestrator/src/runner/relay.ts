import { subjects, type Bus } from '@trivet/bus';
import { Event, type EventType } from '@trivet/contracts';
import { PARTITIONS, partitionOfRef, type JournalState, type WorkflowRef, type WorkflowStore } from '@trivet/state';

const TICK_MS = 50;
const LEASE_EVERY_MS = 700;
const MOST_WORKFLOWS = 64;
const MOST_EVENTS = 256;

export interface Relay {
  /** A commit made events: take them to the journal now, if this process relays their partition. */
  kick: (ref: WorkflowRef) => void;
  stop: () => Promise<void>;
}

export interface RelayParts {
  bus: Bus;
  journal: JournalState;
  store: WorkflowStore;
  owner: string;
  onError: (error: unknown) => void;
}

/**
 * Takes committed events to the journal, in order: one orchestrator holds the lease of a partition, and each event's
 * message id makes a repeat harmless. A crash leaves them waiting for the next holder.
 */
export function startRelay(parts: RelayParts): Relay {
  const leased = new Set<number>();
  const busy = new Map<number, Promise<void>>();
  const again = new Set<number>();
  let lastLease = 0;
  let stopped = false;

  async function relayPartition(partition: number): Promise<void> {
    const waiting = await parts.journal.waiting(partition, MOST_WORKFLOWS);
    // One workflow whose events cannot go must not keep back the others.
    for (const ref of waiting) await relayWorkflow(parts, partition, ref).catch(parts.onError);
    if (waiting.length === MOST_WORKFLOWS) again.add(partition);
  }

  function run(partition: number): void {
    if (stopped || !leased.has(partition)) return;
    if (busy.has(partition)) {
      again.add(partition);
      return;
    }
    const task = relayPartition(partition)
      .catch(parts.onError)
      .finally(() => {
        busy.delete(partition);
        if (again.delete(partition)) run(partition);
      });
    busy.set(partition, task);
  }

  async function extendLeases(): Promise<void> {
    const outcomes = await Promise.all(PARTITIONS.map(async (partition) => ({ partition, ours: await parts.journal.lease(partition, parts.owner) })));
    for (const { partition, ours } of outcomes) {
      if (ours) leased.add(partition);
      else leased.delete(partition);
    }
  }

  let leasing: Promise<void> | null = null;
  const timer = setInterval(() => {
    if (stopped) return;
    if (!leasing && Date.now() - lastLease > LEASE_EVERY_MS) {
      lastLease = Date.now();
      leasing = extendLeases()
        .catch((error: unknown) => {
          leased.clear();
          parts.onError(error);
        })
        .finally(() => (leasing = null));
    }
    for (const partition of leased) run(partition);
  }, TICK_MS);

  return {
    kick: (ref) => run(partitionOfRef(ref)),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await Promise.all([...busy.values(), leasing]);
      await Promise.all([...leased].map((partition) => parts.journal.giveUp(partition, parts.owner))).catch(parts.onError);
    },
  };
}

/** Takes what a workflow has beyond the journal there; it waits no more once it is marked up to its last event. */
async function relayWorkflow({ bus, journal, store }: RelayParts, partition: number, ref: WorkflowRef): Promise<void> {
  let upTo = await journal.journaledUpTo(ref);
  for (;;) {
    const texts = await store.readEvents(ref, upTo, MOST_EVENTS);
    if (texts.length === 0) break;
    // The broker stores what one connection sends in the order it was sent; a gap would show in seq.
    await Promise.all(texts.map((text) => publishEvent(bus, ref, text)));
    upTo += texts.length;
    await journal.markJournaled(partition, ref, upTo);
    if (texts.length < MOST_EVENTS) return;
  }
  await journal.markJournaled(partition, ref, upTo);
}

async function publishEvent(bus: Bus, ref: WorkflowRef, text: string): Promise<void> {
  const event = Event.parse(JSON.parse(text));
  const type: EventType = event.type;
  await bus.publish(subjects.event(ref.tenant, ref.workflowId, type), Buffer.from(text), {
    workflowId: ref.workflowId,
    messageId: `${ref.tenant}:${ref.workflowId}:e${event.seq}`,
    headers: {
      'ce-specversion': '1.0',
      'ce-type': `trivet.${type}`,
      'ce-source': `/trivet/${ref.tenant}`,
      'ce-id': `${ref.workflowId}.${event.seq}`,
      'ce-time': event.at,
      'ce-subject': ref.workflowId,
      'ce-datacontenttype': 'application/json',
    },
  });
}
