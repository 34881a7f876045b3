import { nuid, type Msg } from '@nats-io/transport-node';
import { FailureError } from '@trivet/contracts';
import type { Connection } from './connection.js';
import type { Frame } from './write-batches.js';

/** Who waits for the reply to a message; messages that go together may have one in common. */
export interface Expectation {
  arrived: (message: Msg) => void;
  reject: (error: Error) => void;
  /** On the steady clock. */
  until: number;
  subject: string;
  /** What to say when nothing came in time. */
  late: () => string;
}

/** Messages that get a reply each. */
export interface Exchange {
  post: (frame: Omit<Frame, 'reply'>, expectation: Expectation) => void;
  /** Whoever still waits hears the reason. */
  close: (reason: string) => void;
}

export interface ExchangeOptions {
  /** Part of the inbox, for whoever watches the wire. */
  kind: string;
  /** What is posted while the connection is away waits for it, in order: the client would drop it with its next attempt to reconnect. */
  holds: boolean;
  /** What to say of messages whose replies are lost with the connection. */
  lost: string;
}

interface Pending {
  expectation: Expectation;
  /** What is sent once the connection is back; null when it was sent. */
  held: Frame | null;
}

export type ExchangeConnection = Pick<Connection, 'nats' | 'writer' | 'connectedSince' | 'onReconnect' | 'onDisconnect'>;

/** How often those that nobody replied to are looked for: a timer a message would cost more than the message. */
const LOOK_EVERY_MS = 100;

/**
 * All replies of one kind come to one inbox and are matched by its last token: more than twice as fast as a subscription or a
 * request a message. When the connection is lost, the replies to all that was sent are lost with it: whoever waits for one hears
 * that at once and not at its time-out.
 */
export function createExchange(connection: ExchangeConnection, inboxPrefix: string, { kind, holds, lost }: ExchangeOptions): Exchange {
  const { nats, writer } = connection;
  const prefix = `${inboxPrefix}.${nuid.next()}.${kind}.`;
  const waiting = new Map<string, Pending>();
  let counter = 0;

  const subscription = nats.subscribe(`${prefix}*`, {
    callback: (error, message) => {
      if (error) return;
      const { subject } = message;
      const pending = waiting.get(subject);
      if (waiting.delete(subject)) pending?.expectation.arrived(message);
    },
  });

  function rejectAll(reason: (expectation: Expectation) => string, which: (pending: Pending) => boolean): void {
    for (const [subject, pending] of waiting) {
      if (!which(pending)) continue;
      waiting.delete(subject);
      pending.expectation.reject(new FailureError('unavailable', reason(pending.expectation)));
    }
  }

  function send(reply: string, pending: Pending, frame: Frame): void {
    pending.held = null;
    try {
      writer.write(frame);
    } catch (error) {
      waiting.delete(reply);
      pending.expectation.reject(error instanceof FailureError ? error : new FailureError('unavailable', `Could not send a message on ${pending.expectation.subject}.`, { cause: error }));
    }
  }

  const ends = [
    connection.onDisconnect(() => rejectAll(() => lost, ({ held }) => held === null)),
    connection.onReconnect(() => {
      for (const [subject, pending] of waiting) if (pending.held) send(subject, pending, pending.held);
    }),
  ];
  const timer = setInterval(() => {
    const now = performance.now();
    rejectAll(({ late }) => late(), ({ expectation }) => expectation.until <= now);
  }, LOOK_EVERY_MS);
  timer.unref();

  return {
    post: (message, expectation) => {
      const reply = prefix + (counter++).toString(36);
      const frame: Frame = { ...message, reply };
      const pending: Pending = { expectation, held: frame };
      waiting.set(reply, pending);
      // One that is closed for good comes back no more: there the writer says no.
      if (!holds || connection.connectedSince() !== null || nats.isClosed()) send(reply, pending, frame);
    },
    close: (reason) => {
      subscription.unsubscribe();
      clearInterval(timer);
      for (const end of ends) end();
      rejectAll(() => reason, () => true);
    },
  };
}
