import { FailureError } from '@trivet/contracts';
import { createExchange, type ExchangeConnection, type Expectation } from './exchange.js';
import { headerBlock } from './message-headers.js';
import type { BusObserver } from './observer.js';
import { subjectToken } from './subjects.js';

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
  /** Stores messages in their order; resolves when the broker has all of them, with the sequence in the stream of the last. */
  publishAll: (messages: readonly OutgoingMessage[]) => Promise<number>;
  close: () => void;
}

interface PubAck {
  stream?: string;
  seq?: number;
  duplicate?: boolean;
  error?: { description?: string };
}

/** For how long an acknowledgement is waited for. */
const TIMEOUT_MS = 5_000;
const NO_RESPONDERS = 503;

/**
 * Stores messages in streams. A time-out leaves it unknown whether a message was stored; the caller repeats it with the same
 * messageId or lets the sweeper decide.
 */
export function createPublisher(connection: ExchangeConnection, inboxPrefix: string, observer: BusObserver): Publisher {
  const exchange = createExchange(connection, inboxPrefix, { kind: 'ack', holds: true, lost: 'The connection to the broker was lost before it acknowledged.' });

  function post(message: OutgoingMessage, expectation: Expectation): void {
    const limit = connection.nats.info?.max_payload ?? 1_048_576;
    const bytes = typeof message.payload === 'string' ? Buffer.byteLength(message.payload) : message.payload.byteLength;
    if (bytes <= limit) exchange.post(message, expectation);
    else expectation.reject(new FailureError('payload_too_large', `A message of ${bytes} bytes on ${message.subject} is over the broker's limit of ${limit} bytes.`, { detail: { bytes, limit } }));
  }

  return {
    publish: (subject, body, options = {}) =>
      new Promise((resolve, reject) => {
        const payload = options.isText && typeof body === 'string' ? body : body instanceof Uint8Array ? body : JSON.stringify(body);
        post({ subject, payload, headers: headerBlock(options) }, expectAck({ subject, timeoutMs: options.timeoutMs ?? TIMEOUT_MS, observer }, resolve, reject));
      }),
    publishAll: (messages) =>
      new Promise((resolve, reject) => {
        let left = messages.length;
        let lastSeq = 0;
        if (left === 0) return resolve(lastSeq);
        const acknowledged = ({ seq }: PublishAck): void => {
          lastSeq = Math.max(lastSeq, seq);
          left -= 1;
          if (left === 0) resolve(lastSeq);
        };
        const expectation = expectAck({ subject: messages[0]?.subject ?? '', timeoutMs: TIMEOUT_MS, observer }, acknowledged, reject);
        for (const message of messages) post(message, expectation);
      }),
    close: () => exchange.close('The bus was closed before the broker acknowledged.'),
  };
}

interface Posted {
  subject: string;
  timeoutMs: number;
  observer: BusObserver;
}

function expectAck({ subject, timeoutMs, observer }: Posted, resolve: (ack: PublishAck) => void, reject: (error: Error) => void): Expectation {
  const sentAt = performance.now();
  return {
    subject,
    reject,
    until: sentAt + timeoutMs,
    late: () => `The broker did not acknowledge a message on ${subject} within ${timeoutMs} ms.`,
    arrived: (message) => {
      if (message.headers?.code === NO_RESPONDERS) return reject(new FailureError('unavailable', `No stream captures ${subject}, or JetStream is not ready yet.`));
      const { stream, seq, duplicate, error } = readAck(message.data);
      if (!error && stream !== undefined && seq !== undefined) {
        observer.onPublished((performance.now() - sentAt) / 1_000);
        if (stream === 'DEAD' && duplicate !== true) observer.onDeadLetter(subjectToken(subject, 3) ?? stream);
        resolve({ stream, seq, duplicate: duplicate === true });
      } else reject(new FailureError('unavailable', `The broker did not store a message on ${subject}: ${error?.description ?? 'no reason given'}.`));
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
