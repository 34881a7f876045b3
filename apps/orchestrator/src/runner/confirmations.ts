import type { CallQueue, WorkflowRef } from '@trivet/state';

/** Soon enough before the watchdog looks for a confirmation, and late enough that most calls have ended by then. */
const CONFIRM_AFTER_MS = 250;
const TICK_MS = 100;

/**
 * Notes in Redis that the broker has a call, so that the watchdog leaves it alone while it waits in the stream. Most
 * calls have ended before: for them nothing is written. Should this process die first, the watchdog publishes the call
 * again, and its claim keeps it from running twice.
 */
export interface Confirmations {
  add: (ref: WorkflowRef, callId: string, seq: number) => void;
  /** The call has ended. */
  drop: (ref: WorkflowRef, callId: string) => void;
  /** Writes all that is left. */
  settle: () => Promise<void>;
}

export interface ConfirmationParts {
  queue: Pick<CallQueue, 'confirm'>;
  incarnation: () => Promise<string>;
  onError: (error: unknown) => void;
}

export function createConfirmations({ queue, incarnation, onError }: ConfirmationParts): Confirmations {
  const open = new Map<string, { ref: WorkflowRef; callId: string; seq: number; at: number }>();

  async function confirmUntil(time: number): Promise<void> {
    const due: { ref: WorkflowRef; callId: string; seq: number }[] = [];
    // In the order in which they were added.
    for (const [key, entry] of open) {
      if (entry.at > time) break;
      open.delete(key);
      due.push(entry);
    }
    if (due.length === 0) return;
    const stream = await incarnation();
    await Promise.all(due.map((entry) => queue.confirm(entry.ref, entry.callId, entry.seq, stream)));
  }

  const timer = setInterval(() => void confirmUntil(performance.now() - CONFIRM_AFTER_MS).catch(onError), TICK_MS);

  return {
    add: (ref, callId, seq) => void open.set(keyOf(ref, callId), { ref, callId, seq, at: performance.now() }),
    drop: (ref, callId) => void open.delete(keyOf(ref, callId)),
    settle: async () => {
      clearInterval(timer);
      await confirmUntil(Infinity).catch(onError);
    },
  };
}

const keyOf = (ref: WorkflowRef, callId: string): string => `${ref.tenant}/${ref.workflowId}/${callId}`;
