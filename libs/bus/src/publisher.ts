import { nuid, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { FailureError } from '@trivet/contracts';
import { outgoingHeaders } from './message-headers.js';

export interface PublishOptions {
  workflowId?: string;
  /** Nats-Msg-Id: lets the broker drop a repeat within its short window. */
  messageId?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
}

export interface PublishAck {
  stream: string;
  seq: number;
  duplicate: boolean;
}

export interface Publisher {
  /** Stores a message in the stream that captures the subject; resolves when the broker has it. */
  publish: (subject: string, body: unknown, options?: PublishOptions) => Promise<PublishAck>;
  close: () => void;
}

interface Waiting {
  resolve: (ack: PublishAck) => void;
  reject: (error: Error) => void;
  timer: NodeJS.Timeout;
  subject: string;
}

const encoder = new TextEncoder();

/**
 * A publisher whose acknowledgements all come to one inbox and are matched by a token: more than twice as fast as
 * one request a publish. A time-out leaves it unknown whether the message was stored; the caller repeats it with the
 * same messageId or lets the sweeper decide.
 */
export function createPublisher(nats: NatsConnection, inboxPrefix: string): Publisher {
  const inbox = `${inboxPrefix}.${nuid.next()}.ack`;
  const waiting = new Map<string, Waiting>();
  let counter = 0;
  const subscription = nats.subscribe(`${inbox}.*`, { callback: (error, message) => (error ? undefined : settle(message)) });

  function settle(message: Msg): void {
    const token = message.subject.slice(inbox.length + 1);
    const entry = waiting.get(token);
    if (!entry) return;
    waiting.delete(token);
    clearTimeout(entry.timer);
    if (message.headers?.code === 503) {
      entry.reject(new FailureError('unavailable', `No stream captures ${entry.subject}, or JetStream is not ready yet.`));
      return;
    }
    const reply: { stream?: string; seq?: number; duplicate?: boolean; error?: { description?: string } } = message.json();
    if (reply.error || reply.stream === undefined || reply.seq === undefined) {
      entry.reject(new FailureError('unavailable', `The broker did not store a message on ${entry.subject}: ${reply.error?.description ?? 'no reason given'}.`));
      return;
    }
    entry.resolve({ stream: reply.stream, seq: reply.seq, duplicate: reply.duplicate === true });
  }

  return {
    publish: (subject, body, options = {}) =>
      new Promise((resolve, reject) => {
        const payload = body instanceof Uint8Array ? body : encoder.encode(JSON.stringify(body));
        const limit = nats.info?.max_payload ?? 1_048_576;
        if (payload.byteLength > limit) {
          reject(new FailureError('payload_too_large', `A message of ${payload.byteLength} bytes on ${subject} is over the broker's limit of ${limit} bytes.`, { detail: { bytes: payload.byteLength, limit } }));
          return;
        }
        const token = (counter++).toString(36);
        const timeoutMs = options.timeoutMs ?? 5_000;
        const timer = setTimeout(() => {
          waiting.delete(token);
          reject(new FailureError('unavailable', `The broker did not acknowledge a message on ${subject} within ${timeoutMs} ms.`));
        }, timeoutMs);
        waiting.set(token, { resolve, reject, timer, subject });
        try {
          nats.publish(subject, payload, { reply: `${inbox}.${token}`, headers: outgoingHeaders(options) });
        } catch (error) {
          clearTimeout(timer);
          waiting.delete(token);
          reject(new FailureError('unavailable', `Could not send a message on ${subject}.`, { cause: error }));
        }
      }),
    close: () => {
      subscription.unsubscribe();
      for (const entry of waiting.values()) {
        clearTimeout(entry.timer);
        entry.reject(new FailureError('unavailable', 'The bus was closed before the broker acknowledged.'));
      }
      waiting.clear();
    },
  };
}

/** For how long a worker that has a result keeps trying to hand it over before the work is given up. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 200;

/**
 * Publishes what must not be computed again just because the broker is away for a moment: tries until the broker has
 * it, or a minute is over. The message id makes a repeat harmless.
 */
export async function publishPatiently(publisher: Pick<Publisher, 'publish'>, subject: string, body: unknown, options: PublishOptions & { messageId: string }): Promise<PublishAck> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return await publisher.publish(subject, body, { timeoutMs: 2_000, ...options });
    } catch (error) {
      const isAway = error instanceof FailureError && error.failure.code === 'unavailable';
      if (!isAway || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }
}
