import { eventMessageId } from '@trivet/bus';
import { context } from '@opentelemetry/api';
import { partitionOfRef, type WorkflowRef } from '@trivet/state';
import type { RelayParts } from './relay.js';
import type { CommittedEvents } from './runner.js';

const MARK_EVERY_MS = 100;
/** When there are many, events wait so long for others to go with. Those of an end do not wait. */
const GATHER_MS = 5;
/** Otherwise only until the call of their commit is out: while its worker is at it, there is time for the journal. */
const AFTER_CALL_MS = 1;
/** More commits than this in a window, and there are many. */
const MANY = 10;
const WINDOW_MS = 20;
/** A workflow that made no event for so long is forgotten; its next one asks Redis what went before. */
const IDLE_MS = 400;

/** Events that go to the journal from the memory of the process that committed them. */
export interface DirectRelay {
  take: (ref: WorkflowRef, news: CommittedEvents, isEnd: boolean) => void;
  /** Whether events of this workflow are on their way, or waiting to be marked as journaled. */
  isAtWork: (ref: WorkflowRef) => boolean;
  /** The same for any workflow of a partition. */
  isAtWorkIn: (partition: number) => boolean;
  settle: () => Promise<void>;
}

interface OnItsWay {
  ref: WorkflowRef;
  /** Sent up to here, in order and without a gap. */
  sent: number;
  /** Acknowledged by the broker up to here. */
  acknowledged: number;
  /** The sequence in the stream of the last that was acknowledged. */
  streamSeq: number;
  /** Marked as journaled up to here. */
  marked: number;
  /** When its last events were taken, on the steady clock. */
  takenAt: number;
  open: number;
  /** A publish failed: what is not marked is read from Redis and sent again. */
  broken: boolean;
}

const isBusy = (each: OnItsWay): boolean => each.open > 0 || each.acknowledged > each.marked;

export function createDirectRelay(parts: RelayParts, isLeased: (partition: number) => boolean): DirectRelay {
  const workflows = new Map<string, OnItsWay>();
  const gathering = createGathering((each, news) => sendEvents(parts, each, news));
  // A broker that was away may have lost what it acknowledged: what is not marked is looked up again.
  const forget = parts.bus.onReconnect(() => workflows.forEach((each) => (each.broken = true)));
  let marking: Promise<void> = Promise.resolve();

  async function markAll(): Promise<void> {
    if (workflows.size === 0) return;
    await parts.continuity.verified();
    const done = [...workflows].filter(([, each]) => each.open === 0);
    leaveWitnesses(parts, done.map(([, each]) => each));
    await Promise.all(
      done.map(async ([key, each]) => {
        const { ref, acknowledged } = each;
        if (!each.broken && acknowledged > each.marked) {
          await parts.journal.markJournaled(partitionOfRef(ref), ref, acknowledged).catch(parts.onError);
          each.marked = acknowledged;
        }
        // Its next commit went on its way meanwhile: that one marks it.
        const isIdle = each.acknowledged === each.marked && performance.now() - each.takenAt > IDLE_MS;
        if (each.open === 0 && (each.broken || isIdle)) workflows.delete(key);
      }),
    );
  }

  const timer = setInterval(() => (marking = markAll()), MARK_EVERY_MS);

  return {
    take: (ref, news, isEnd) => {
      if (news.events.length === 0 || !isLeased(partitionOfRef(ref))) return;
      const key = `${ref.tenant}/${ref.workflowId}`;
      const each = workflows.get(key);
      if (each ? each.sent === news.after && !each.broken : news.after === 0) {
        const entry = each ?? { ref, sent: 0, acknowledged: 0, streamSeq: 0, marked: 0, takenAt: 0, open: 0, broken: false };
        workflows.set(key, entry);
        gathering.add(entry, news, isEnd);
      } else if (!each) {
        const entry: OnItsWay = { ref, sent: news.after + news.events.length, acknowledged: 0, streamSeq: 0, marked: 0, takenAt: performance.now(), open: 1, broken: false };
        workflows.set(key, entry);
        void follow(parts, entry, news);
      } else each.broken = true;
    },
    isAtWork: (ref) => {
      const each = workflows.get(`${ref.tenant}/${ref.workflowId}`);
      return each !== undefined && isBusy(each);
    },
    isAtWorkIn: (partition) => [...workflows.values()].some((each) => partitionOfRef(each.ref) === partition && isBusy(each)),
    settle: async () => {
      clearInterval(timer);
      forget();
      gathering.send();
      await marking;
      const deadline = performance.now() + 2_000;
      while ([...workflows.values()].some((each) => each.open > 0) && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
      await markAll();
    },
  };
}

/** Holds events for others to go with, for a few milliseconds. */
function createGathering(send: (each: OnItsWay, news: CommittedEvents) => void): { add: (each: OnItsWay, news: CommittedEvents, isEnd: boolean) => void; send: () => void } {
  const areMany = createRateMeter();
  let gathered: (() => void)[] = [];
  let timer: NodeJS.Timeout | null = null;

  function sendAll(): void {
    clearTimeout(timer ?? undefined);
    timer = null;
    const batch = gathered;
    gathered = [];
    for (const one of batch) one();
  }

  return {
    add: (each, news, isEnd) => {
      each.sent = news.after + news.events.length;
      each.takenAt = performance.now();
      each.open += 1;
      // Each in its own trace, whoever's turn it is when they go.
      gathered.push(context.bind(context.active(), () => send(each, news)));
      const waitMs = areMany() ? GATHER_MS : AFTER_CALL_MS;
      if (isEnd) sendAll();
      else timer ??= setTimeout(sendAll, waitMs);
    },
    send: sendAll,
  };
}

/** Whether there were many lately; asked for each. */
function createRateMeter(): () => boolean {
  let windowEnd = 0;
  let before = 0;
  let count = 0;
  return () => {
    const now = performance.now();
    if (now > windowEnd) {
      before = now < windowEnd + WINDOW_MS ? count : 0;
      windowEnd = now + WINDOW_MS;
      count = 0;
    }
    count += 1;
    return before > MANY || count > MANY;
  };
}

function sendEvents({ bus }: RelayParts, each: OnItsWay, news: CommittedEvents): void {
  bus.publishEvents(each.ref.tenant, each.ref.workflowId, news.events).then(
    (streamSeq) => acknowledge(each, news, streamSeq),
    () => (each.broken = true),
  ).finally(() => (each.open -= 1));
}

function acknowledge(each: OnItsWay, news: CommittedEvents, streamSeq: number): void {
  const upTo = news.after + news.events.length;
  if (upTo <= each.acknowledged) return;
  each.acknowledged = upTo;
  each.streamSeq = streamSeq;
}

/** A workflow we have not sent lately: its earlier events have to be there first. */
async function follow({ bus, journal }: RelayParts, entry: OnItsWay, news: CommittedEvents): Promise<void> {
  try {
    const upTo = await journal.journaledUpTo(entry.ref);
    if (upTo === news.after) acknowledge(entry, news, await bus.publishEvents(entry.ref.tenant, entry.ref.workflowId, news.events));
    else entry.broken = true;
  } catch {
    entry.broken = true;
  } finally {
    entry.open -= 1;
  }
}

/** The last message of each partition that is to be marked; before the marks, so that there is none without. */
function leaveWitnesses({ continuity, onError }: RelayParts, done: readonly OnItsWay[]): void {
  const last = new Map<number, OnItsWay>();
  for (const each of done) {
    if (each.broken || each.acknowledged <= each.marked) continue;
    const partition = partitionOfRef(each.ref);
    const known = last.get(partition);
    if (!known || known.streamSeq < each.streamSeq) last.set(partition, each);
  }
  for (const [partition, { ref, acknowledged, streamSeq }] of last) void continuity.leave(partition, { seq: streamSeq, messageId: eventMessageId(ref.tenant, ref.workflowId, acknowledged) }).catch(onError);
}
