import { nuid, type Msg } from '@nats-io/transport-node';
import { FailureError } from '@trivet/contracts';
import type { Connection } from './connection.js';
import { headerBlock } from './message-headers.js';
import type { Frame } from './write-batches.js';

export interface PublishOptions {
  workflowId?: string;
  /** Nats-Msg-Id: lets the broker drop a repeat within its short window. */
  messageId?: string;
  headers?: Record<string, string>;
  timeoutMs?: number;
  /** The body is text that goes out as it is: JSON that was written before. */
  isText?: boolean;
}

export interface PublishAck {
  stream: string;
  seq: number;
  duplicate: boolean;
}

/** A message whose text and headers are ready to go. */
export interface OutgoingMessage {
  subject: string;
  payload: string | Uint8Array;
  /** As FrameWriter takes them. */
  headers: string;
}

export interface Publisher {
  /** Stores a message in the stream that captures the subject; resolves when the broker has it. */
  publish: (subject: string, body: unknown, options?: PublishOptions) => Promise<PublishAck>;
  /** Stores messages in their order; resolves when the broker has all of them. */
  publishAll: (messages: readonly OutgoingMessage[]) => Promise<void>;
  close: () => void;
}

interface PubAck {
  stream?: string;
  seq?: number;
  duplicate?: boolean;
  error?: { description?: string };
}

interface Waiting {
  resolve: (ack: PublishAck) => void;
  reject: (error: Error) => void;
  /** On the steady clock. */
  until: number;
  timeoutMs: number;
  subject: string;
}

interface Pending {
  /** Messages that go together have one in common. */
  entry: Waiting;
  /** What is sent once the connection is back; null when it was sent. */
  held: Frame | null;
}

/** For how long an acknowledgement is waited for. */
const TIMEOUT_MS = 5_000;
/** How often those that nobody acknowledged are looked for: a timer a message would cost more than the message. */
const LOOK_EVERY_MS = 100;

/**
 * A publisher whose acknowledgements all come to one inbox and are matched by a token: more than twice as fast as
 * one request a publish. A time-out leaves it unknown whether the message was stored; the caller repeats it with the
 * same messageId or lets the sweeper decide.
 *
 * What is published while the connection is away waits for it, in order: the client itself would drop it with its next
 * attempt to reconnect. When the connection is lost, the acknowledgements of all that was sent are lost with it: whoever
 * waits for one hears that at once and not at its time-out.
 */
export function createPublisher(connection: Pick<Connection, 'nats' | 'writer' | 'connectedSince' | 'onReconnect' | 'onDisconnect'>, inboxPrefix: string): Publisher {
  const { nats, writer } = connection;
  const inbox = `${inboxPrefix}.${nuid.next()}.ack`;
  const waiting = new Map<string, Pending>();
  let counter = 0;
  const subscription = nats.subscribe(`${inbox}.*`, { callback: (error, message) => (error ? undefined : settle(message)) });

  function settle(message: Msg): void {
    const token = message.subject.slice(inbox.length + 1);
    const pending = waiting.get(token);
    if (!pending) return;
    waiting.delete(token);
    const { entry } = pending;
    if (message.headers?.code === 503) {
      entry.reject(new FailureError('unavailable', `No stream captures ${entry.subject}, or JetStream is not ready yet.`));
      return;
    }
    const reply = readAck(message.data);
    if (reply.error || reply.stream === undefined || reply.seq === undefined) {
      entry.reject(new FailureError('unavailable', `The broker did not store a message on ${entry.subject}: ${reply.error?.description ?? 'no reason given'}.`));
      return;
    }
    entry.resolve({ stream: reply.stream, seq: reply.seq, duplicate: reply.duplicate === true });
  }

  function rejectAll(reason: string, which: (pending: Pending) => boolean = () => true): void {
    for (const [token, pending] of waiting) {
      if (!which(pending)) continue;
      waiting.delete(token);
      pending.entry.reject(new FailureError('unavailable', reason));
    }
  }

  function send(token: string, pending: Pending, frame: Frame): void {
    pending.held = null;
    try {
      writer.write(frame);
    } catch (error) {
      waiting.delete(token);
      pending.entry.reject(new FailureError('unavailable', `Could not send a message on ${pending.entry.subject}.`, { cause: error }));
    }
  }

  /** Gives the acknowledgement of a message to whoever waits for it. */
  function post(message: OutgoingMessage, entry: Waiting): void {
    const limit = nats.info?.max_payload ?? 1_048_576;
    const bytes = typeof message.payload === 'string' ? Buffer.byteLength(message.payload) : message.payload.byteLength;
    if (bytes > limit) return entry.reject(new FailureError('payload_too_large', `A message of ${bytes} bytes on ${message.subject} is over the broker's limit of ${limit} bytes.`, { detail: { bytes, limit } }));
    const token = (counter++).toString(36);
    const frame: Frame = { ...message, reply: `${inbox}.${token}` };
    const pending: Pending = { entry, held: frame };
    waiting.set(token, pending);
    // One that is closed for good comes back no more: there the writer says no.
    if (connection.connectedSince() !== null || nats.isClosed()) send(token, pending, frame);
  }

  const sentInVain = connection.onDisconnect(() => rejectAll('The connection to the broker was lost before it acknowledged.', ({ held }) => held === null));
  const sendHeld = connection.onReconnect(() => {
    for (const [token, pending] of waiting) if (pending.held) send(token, pending, pending.held);
  });

  const timer = setInterval(() => {
    const now = performance.now();
    for (const [token, { entry: { until, timeoutMs, subject, reject } }] of waiting) {
      if (until > now) continue;
      waiting.delete(token);
      reject(new FailureError('unavailable', `The broker did not acknowledge a message on ${subject} within ${timeoutMs} ms.`));
    }
  }, LOOK_EVERY_MS);
  timer.unref();

  return {
    publish: (subject, body, options = {}) =>
      new Promise((resolve, reject) => {
        const payload = options.isText && typeof body === 'string' ? body : body instanceof Uint8Array ? body : JSON.stringify(body);
        const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
        post({ subject, payload, headers: headerBlock(options) }, { resolve, reject, until: performance.now() + timeoutMs, timeoutMs, subject });
      }),
    publishAll: (messages) =>
      new Promise((resolve, reject) => {
        let left = messages.length;
        if (left === 0) return resolve();
        const arrived = (): void => void (--left === 0 && resolve());
        const entry: Waiting = { resolve: arrived, reject, until: performance.now() + TIMEOUT_MS, timeoutMs: TIMEOUT_MS, subject: messages[0]?.subject ?? '' };
        for (const message of messages) post(message, entry);
      }),
    close: () => {
      subscription.unsubscribe();
      clearInterval(timer);
      sentInVain();
      sendHeld();
      rejectAll('The bus was closed before the broker acknowledged.');
    },
  };
}

/** `{"stream":"EVENTS","seq":1}`: what nearly every acknowledgement looks like is read without parsing it. */
const PLAIN_ACK = /^\{"stream":"(\w+)", ?"seq":(\d+)\}$/;

function readAck(data: Uint8Array): PubAck {
  const text = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
  const plain = PLAIN_ACK.exec(text);
  return plain ? { stream: plain[1] ?? '', seq: Number(plain[2]) } : JSON.parse(text);
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
