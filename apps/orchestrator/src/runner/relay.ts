import { subjects, type Bus } from '@trivet/bus';
import type { EventType } from '@trivet/contracts';
import { PARTITIONS, partitionOfRef, type JournalState, type WorkflowRef, type WorkflowStore } from '@trivet/state';
import type { CommittedEvents } from './runner.js';

const TICK_MS = 50;
/** How often a relay that is alone looks for events left behind: its own commits come to it directly. */
const TICKS_ALONE = 10;
/** An event this old was not taken by the one that committed it. */
const LEFT_BEHIND_MS = 300;
const LEASE_EVERY_MS = 700;
const MARK_EVERY_MS = 100;
const MOST_WORKFLOWS = 64;
const MOST_EVENTS = 256;

export interface Relay {
  /** A commit made events: takes them to the journal at once, if this process relays their partition. */
  kick: (ref: WorkflowRef, news: CommittedEvents) => void;
  stop: () => Promise<void>;
}

export interface RelayParts {
  bus: Bus;
  journal: JournalState;
  store: WorkflowStore;
  owner: string;
  /** Whether this is the only orchestrator: nobody else leaves events to it. */
  isAlone: () => boolean;
  onError: (error: unknown) => void;
}

/**
 * Takes committed events to the journal, in order: one orchestrator holds the lease of a partition, and each event's
 * message id makes a repeat harmless. Its own commits it sends as they are made; what others committed, or left behind
 * when they died, it reads from Redis.
 */
export function startRelay(parts: RelayParts): Relay {
  const leased = new Set<number>();
  const busy = new Map<number, Promise<void>>();
  const again = new Set<number>();
  const direct = createDirectRelay(parts, (partition) => leased.has(partition));
  let lastLease = 0;
  let ticks = 0;
  let stopped = false;

  async function relayPartition(partition: number): Promise<void> {
    const waiting = await parts.journal.waiting(partition, MOST_WORKFLOWS, stopped || !parts.isAlone() ? 0 : LEFT_BEHIND_MS);
    // One workflow whose events cannot go must not keep back the others.
    for (const ref of waiting) if (!direct.isAtWork(ref)) await relayWorkflow(parts, partition, ref).catch(parts.onError);
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
    ticks += 1;
    if (parts.isAlone() && ticks % TICKS_ALONE !== 0) return;
    for (const partition of leased) run(partition);
  }, TICK_MS);

  return {
    kick: (ref, news) => {
      if (!stopped) direct.take(ref, news);
    },
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await Promise.all([...busy.values(), leasing]);
      await direct.settle();
      await Promise.all([...leased].map((partition) => relayPartition(partition))).catch(parts.onError);
      await Promise.all([...leased].map((partition) => parts.journal.giveUp(partition, parts.owner))).catch(parts.onError);
    },
  };
}

/** Events that go to the journal from the memory of the process that committed them. */
interface DirectRelay {
  take: (ref: WorkflowRef, news: CommittedEvents) => void;
  /** Whether events of this workflow are on their way, or waiting to be marked as journaled. */
  isAtWork: (ref: WorkflowRef) => boolean;
  settle: () => Promise<void>;
}

interface OnItsWay {
  ref: WorkflowRef;
  /** Sent up to here, in order and without a gap. */
  sent: number;
  /** Acknowledged by the broker up to here. */
  acknowledged: number;
  open: number;
  /** A publish failed: what is not marked is read from Redis and sent again. */
  broken: boolean;
}

function createDirectRelay(parts: RelayParts, isLeased: (partition: number) => boolean): DirectRelay {
  const workflows = new Map<string, OnItsWay>();
  let marking: Promise<void> = Promise.resolve();

  async function markAll(): Promise<void> {
    const done = [...workflows].filter(([, each]) => each.open === 0);
    await Promise.all(
      done.map(async ([key, each]) => {
        const { ref, acknowledged } = each;
        if (!each.broken) await parts.journal.markJournaled(partitionOfRef(ref), ref, acknowledged).catch(parts.onError);
        // Its next commit went on its way meanwhile: that one marks it.
        if (each.open === 0 && (each.broken || each.acknowledged === acknowledged)) workflows.delete(key);
      }),
    );
  }

  const timer = setInterval(() => (marking = markAll()), MARK_EVERY_MS);

  function send(each: OnItsWay, news: CommittedEvents): void {
    each.sent = news.after + news.texts.length;
    each.open += 1;
    Promise.all(news.texts.map((text) => publishEvent(parts.bus, each.ref, text))).then(
      () => (each.acknowledged = Math.max(each.acknowledged, news.after + news.texts.length)),
      () => (each.broken = true),
    ).finally(() => (each.open -= 1));
  }

  return {
    take: (ref, news) => {
      if (news.texts.length === 0 || !isLeased(partitionOfRef(ref))) return;
      const key = `${ref.tenant}/${ref.workflowId}`;
      const each = workflows.get(key);
      if (each ? each.sent === news.after && !each.broken : news.after === 0) {
        const entry = each ?? { ref, sent: 0, acknowledged: 0, open: 0, broken: false };
        workflows.set(key, entry);
        send(entry, news);
      } else if (!each) void follow(ref, news);
      else each.broken = true;
    },
    isAtWork: (ref) => workflows.has(`${ref.tenant}/${ref.workflowId}`),
    settle: async () => {
      clearInterval(timer);
      await marking;
      const deadline = performance.now() + 2_000;
      while ([...workflows.values()].some((each) => each.open > 0) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
      await markAll();
    },
  };

  /** A workflow we have not sent lately: its earlier events have to be there first. */
  async function follow(ref: WorkflowRef, news: CommittedEvents): Promise<void> {
    const key = `${ref.tenant}/${ref.workflowId}`;
    const entry: OnItsWay = { ref, sent: news.after + news.texts.length, acknowledged: 0, open: 1, broken: false };
    workflows.set(key, entry);
    try {
      const upTo = await parts.journal.journaledUpTo(ref);
      if (upTo === news.after) {
        await Promise.all(news.texts.map((text) => publishEvent(parts.bus, ref, text)));
        entry.acknowledged = Math.max(entry.acknowledged, news.after + news.texts.length);
      } else entry.broken = true;
    } catch {
      entry.broken = true;
    } finally {
      entry.open -= 1;
    }
  }
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
  const event: { seq: number; type: EventType; at: string } = JSON.parse(text);
  await bus.publish(subjects.event(ref.tenant, ref.workflowId, event.type), Buffer.from(text), {
    workflowId: ref.workflowId,
    messageId: `${ref.tenant}:${ref.workflowId}:e${event.seq}`,
    headers: {
      'ce-specversion': '1.0',
      'ce-type': `trivet.${event.type}`,
      'ce-source': `/trivet/${ref.tenant}`,
      'ce-id': `${ref.workflowId}.${event.seq}`,
      'ce-time': event.at,
      'ce-subject': ref.workflowId,
      'ce-datacontenttype': 'application/json',
    },
  });
}
