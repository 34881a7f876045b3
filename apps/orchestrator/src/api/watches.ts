import { subjects, type Bus } from '@trivet/bus';
import { TERMINAL_EVENTS, type Event } from '@trivet/contracts';
import type { WorkflowRef } from '@trivet/state';
import type { Queries } from './queries.js';

/** A look for new events without being woken, in case a wake-up was lost with a connection. */
const POLL_MS = 1_000;
const PAGE = 500;

export interface Watches {
  /**
   * Hands every event after `after` to `onEvent`, once each and in order, until the terminal one or until stopped.
   * History comes from Redis by seq; the bus only wakes.
   */
  follow: (ref: WorkflowRef, after: number, watcher: { onEvent: (event: Event) => Promise<void> | void; onDelta?: (delta: unknown) => void; signal: AbortSignal }) => Promise<void>;
  /** Resolves with true when the workflow has ended, with false when the time is over first. */
  untilEnd: (ref: WorkflowRef, timeoutMs: number) => Promise<boolean>;
}

export function createWatches(bus: Bus, queries: Queries): Watches {
  async function follow(ref: WorkflowRef, after: number, watcher: Parameters<Watches['follow']>[2]): Promise<void> {
    let last = after;
    let wake: () => void = () => undefined;
    const events = bus.listen(subjects.eventsOf(ref.tenant, ref.workflowId), () => wake());
    const deltas = watcher.onDelta ? bus.listen(subjects.deltasOf(ref.tenant, ref.workflowId), (notice) => watcher.onDelta?.(notice.json())) : null;
    const onAbort = (): void => wake();
    watcher.signal.addEventListener('abort', onAbort);
    try {
      while (!watcher.signal.aborted) {
        const woken = new Promise<void>((resolve) => (wake = resolve));
        const batch = await queries.events(ref, last, PAGE);
        for (const event of batch) {
          await watcher.onEvent(event);
          last = event.seq;
        }
        const latest = batch.at(-1);
        // A workflow that was retried has an end in the middle of its history.
        if (latest && TERMINAL_EVENTS.includes(latest.type) && (await queries.hasEnded(ref))) return;
        if (batch.length === PAGE) continue;
        // Whoever comes back after the terminal event has seen everything.
        if (batch.length === 0 && (await queries.hasEnded(ref)) && (await queries.events(ref, last, 1)).length === 0) return;
        await Promise.race([woken, pause(POLL_MS)]);
      }
    } finally {
      events.stop();
      deltas?.stop();
      watcher.signal.removeEventListener('abort', onAbort);
    }
  }

  return {
    follow,
    // Nothing is read while it runs: an event costs a waiting client nothing, only its end does.
    untilEnd: async (ref, timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      let wake: () => void = () => undefined;
      const ends = bus.listen(subjects.eventsOf(ref.tenant, ref.workflowId), ({ subject }) => {
        if (TERMINAL_EVENTS.some((type) => subject.endsWith(`.${type}`))) wake();
      });
      try {
        for (;;) {
          const woken = new Promise<void>((resolve) => (wake = resolve));
          if (await queries.hasEnded(ref)) return true;
          const leftMs = deadline - performance.now();
          if (leftMs <= 0) return false;
          await Promise.race([woken, pause(Math.min(POLL_MS, leftMs))]);
        }
      } finally {
        ends.stop();
      }
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
