import { eventMessageId, type Bus, type JournalEvent } from '@trivet/bus';
import { FailureError } from '@trivet/contracts';
import { partitionOfRef, type JournalState, type WorkflowRef, type WorkflowStore } from '@trivet/state';
import { createDirectRelay } from './direct-relay.js';
import { createLeases } from './leases.js';
import type { Continuity } from '../recovery/continuity.js';
import type { CommittedEvents } from './runner.js';

const TICK_MS = 50;
/** How often a relay that is alone looks for events left behind: its own commits come to it directly. */
const TICKS_ALONE = 10;
/** An event this old was not taken by the one that committed it. */
const LEFT_BEHIND_MS = 300;
const MOST_WORKFLOWS = 64;
const MOST_EVENTS = 256;

export interface Relay {
  /** A commit made events: takes them to the journal at once, if this process relays their partition. */
  kick: (ref: WorkflowRef, news: CommittedEvents, isEnd: boolean) => void;
  /** The orchestrator that takes the events of a workflow to the journal, as far as is known. */
  ownerOf: (ref: WorkflowRef) => string | null;
  /** Resolves when the journal has acknowledged every event of a workflow; rejects when those are fewer than there were. */
  complete: (ref: WorkflowRef, atLeast: number) => Promise<void>;
  stop: () => Promise<void>;
}

export interface RelayParts {
  bus: Bus;
  journal: JournalState;
  store: WorkflowStore;
  continuity: Pick<Continuity, 'verified' | 'leave'>;
  owner: string;
  /** The orchestrators that are there, this one too. */
  peers: () => readonly string[];
  onError: (error: unknown) => void;
}

/**
 * Takes committed events to the journal, in order: one orchestrator holds the lease of a partition, and each event's
 * message id makes a repeat harmless. Its own commits it sends as they are made; what others committed, or left behind
 * when they died, it reads from Redis.
 */
export function startRelay(parts: RelayParts): Relay {
  const busy = new Map<number, Promise<void>>();
  const again = new Set<number>();
  const leases = createLeases({ ...parts, isAtWork: (partition) => busy.has(partition) || direct.isAtWorkIn(partition) });
  const direct = createDirectRelay(parts, leases.isOurs);
  const isAlone = (): boolean => parts.peers().length <= 1;
  let ticks = 0;
  let stopped = false;

  async function relayPartition(partition: number): Promise<void> {
    const waiting = await parts.journal.waiting(partition, MOST_WORKFLOWS, stopped || !isAlone() ? 0 : LEFT_BEHIND_MS);
    // One workflow whose events cannot go must not keep back the others.
    for (const ref of waiting) if (!direct.isAtWork(ref)) await relayWorkflow(parts, partition, ref).catch(parts.onError);
    if (waiting.length === MOST_WORKFLOWS) again.add(partition);
  }

  function run(partition: number): void {
    if (stopped || !leases.isOurs(partition)) return;
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

  const timer = setInterval(() => {
    if (stopped) return;
    leases.tick();
    ticks += 1;
    if (isAlone() && ticks % TICKS_ALONE !== 0) return;
    for (const partition of leases.ours()) run(partition);
  }, TICK_MS);

  return {
    kick: (ref, news, isEnd) => {
      if (!stopped) direct.take(ref, news, isEnd);
    },
    ownerOf: (ref) => leases.ownerOf(partitionOfRef(ref)),
    complete: (ref, atLeast) => completeWorkflow(parts, ref, atLeast),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await Promise.all([...busy.values(), leases.settle()]);
      await direct.settle();
      await Promise.all(leases.ours().map((partition) => relayPartition(partition))).catch(parts.onError);
      await leases.giveUp().catch(parts.onError);
    },
  };
}

async function completeWorkflow(parts: RelayParts, ref: WorkflowRef, atLeast: number): Promise<void> {
  const upTo = await relayWorkflow(parts, partitionOfRef(ref), ref);
  // Redis lost what it had confirmed, before anybody could take it to the journal: whoever waits must not be told that it is safe.
  if (upTo < atLeast) throw new FailureError('unavailable', `The journal has ${upTo} events of workflow ${ref.workflowId}, and ${atLeast} were committed: Redis has lost data.`, { hint: 'Ask again: nothing of it has left.' });
}

/** Takes what a workflow has beyond the journal there; it waits no more once it is marked up to its last event. */
async function relayWorkflow({ bus, journal, store, continuity }: RelayParts, partition: number, ref: WorkflowRef): Promise<number> {
  let upTo = await journal.journaledUpTo(ref);
  for (;;) {
    const texts = await store.readEvents(ref, upTo, MOST_EVENTS);
    if (texts.length === 0) break;
    // The broker stores what one connection sends in the order it was sent; a gap would show in seq.
    const seq = await bus.publishEvents(ref.tenant, ref.workflowId, texts.map(readEvent));
    upTo += texts.length;
    await continuity.verified();
    await Promise.all([continuity.leave(partition, { seq, messageId: eventMessageId(ref.tenant, ref.workflowId, upTo) }), journal.markJournaled(partition, ref, upTo)]);
    if (texts.length < MOST_EVENTS) return upTo;
  }
  await journal.markJournaled(partition, ref, upTo);
  return upTo;
}

function readEvent(text: string): JournalEvent {
  const { seq, type, at }: JournalEvent = JSON.parse(text);
  return { seq, type, at, text };
}
