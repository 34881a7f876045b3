import { nuid, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { FailureError } from '@trivet/contracts';

/** Somebody who waits for one reply, or for several under as many tokens. */
export interface Expectation {
  arrived: (message: Msg) => void;
  reject: (error: Error) => void;
  /** On the steady clock. */
  until: number;
  /** What to say when nothing came in time. */
  late: () => string;
}

/** All replies of one kind come to one inbox and are matched by a token: a subscription and a timer for all of them. */
export interface Replies {
  /** @returns the subject to reply to */
  expect: (expectation: Expectation) => string;
  /** The message could not be sent. */
  forget: (subject: string) => void;
  rejectAll: (reason: string) => void;
  close: (reason: string) => void;
}

/** How often those that nobody replied to are looked for: a timer a message would cost more than the message. */
const LOOK_EVERY_MS = 100;

export function createReplies(nats: NatsConnection, inboxPrefix: string, kind: string): Replies {
  const prefix = `${inboxPrefix}.${nuid.next()}.${kind}.`;
  const waiting = new Map<string, Expectation>();
  let counter = 0;

  const subscription = nats.subscribe(`${prefix}*`, {
    callback: (error, message) => {
      if (error) return;
      const { subject } = message;
      const expectation = waiting.get(subject);
      if (!expectation) return;
      waiting.delete(subject);
      expectation.arrived(message);
    },
  });

  const timer = setInterval(() => {
    const now = performance.now();
    for (const [subject, expectation] of waiting) {
      if (expectation.until > now) continue;
      waiting.delete(subject);
      expectation.reject(new FailureError('unavailable', expectation.late()));
    }
  }, LOOK_EVERY_MS);
  timer.unref();

  function rejectAll(reason: string): void {
    const all = new Set(waiting.values());
    waiting.clear();
    for (const { reject } of all) reject(new FailureError('unavailable', reason));
  }

  return {
    expect: (expectation) => {
      const subject = prefix + (counter++).toString(36);
      waiting.set(subject, expectation);
      return subject;
    },
    forget: (subject) => void waiting.delete(subject),
    rejectAll,
    close: (reason) => {
      subscription.unsubscribe();
      clearInterval(timer);
      rejectAll(reason);
    },
  };
}
