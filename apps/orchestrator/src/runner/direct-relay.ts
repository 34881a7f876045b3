import { partitionOfRef, type WorkflowRef } from '@trivet/state';
import { publishEvent } from './publish-event.js';
import type { RelayParts } from './relay.js';
import type { CommittedEvents } from './runner.js';

const MARK_EVERY_MS = 100;

/** Events that go to the journal from the memory of the process that committed them. */
export interface DirectRelay {
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

export function createDirectRelay(parts: RelayParts, isLeased: (partition: number) => boolean): DirectRelay {
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
