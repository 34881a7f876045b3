import { FailureError } from '@trivet/contracts';
import type { NatsConnection } from '@nats-io/transport-node';

/** One message as it goes out. */
export interface Frame {
  subject: string;
  payload: string | Uint8Array;
  reply?: string;
  /** The header block: `NATS/1.0`, a line a header, an empty line. */
  headers?: string;
}

/** The one way out of a connection. */
export interface FrameWriter {
  /** What is written keeps its order. */
  write: (frame: Frame) => void;
  /** Sends at once what waits. */
  flush: () => void;
}

type Publish = NatsConnection['publish'];

/** More messages than this in a window, and the next wait for each other. */
const BUSY_MESSAGES = 40;
const WINDOW_MS = 10;
const WAIT_MS = 2;

/**
 * Makes a connection write once a turn of the event loop instead of once a publish: a system call that wakes another
 * process costs more than all the rest of a small message. A busy connection waits two milliseconds for more; one that is
 * not, loses no time. Messages become text here and bytes once a batch: the client's own publish makes six small buffers
 * of each, and its headers cost more than the broker's work of storing the message.
 */
export function writeInBatches(nats: NatsConnection): FrameWriter {
  const send = rawSender(nats);
  const isBusy = createBusyMeter();
  let text = '';
  let chunks: Uint8Array[] = [];
  let isWaiting = false;

  const closeText = (): void => {
    if (text !== '') chunks.push(Buffer.from(text));
    text = '';
  };

  function flush(): void {
    isWaiting = false;
    closeText();
    const batch = chunks;
    chunks = [];
    // The connection was closed meanwhile: whoever waits for an acknowledgement gets none in time.
    if (batch.length > 0 && !nats.isClosed()) send(batch.length === 1 && batch[0] ? batch[0] : Buffer.concat(batch));
  }

  function write({ subject, payload, reply, headers = '' }: Frame): void {
    if (nats.isClosed()) throw new Error('the connection is closed');
    const isText = typeof payload === 'string';
    const headerBytes = headers === '' ? 0 : Buffer.byteLength(headers);
    const bytes = headerBytes + (isText ? Buffer.byteLength(payload) : payload.byteLength);
    // The broker ends a connection that sends more, and with it everything else that is on its way there.
    const limit = nats.info?.max_payload ?? 1_048_576;
    if (bytes > limit) throw new FailureError('payload_too_large', `A message of ${bytes} bytes on ${subject} is over the broker's limit of ${limit} bytes.`, { detail: { bytes, limit } });
    const to = reply ? `${subject} ${reply}` : subject;
    text += headerBytes === 0 ? `PUB ${to} ${bytes}\r\n` : `HPUB ${to} ${headerBytes} ${bytes}\r\n${headers}`;
    if (isText) text += `${payload}\r\n`;
    else {
      closeText();
      chunks.push(payload);
      text = '\r\n';
    }
    const wait = isBusy();
    if (isWaiting) return;
    isWaiting = true;
    if (wait) setTimeout(flush, WAIT_MS);
    else setImmediate(flush);
  }

  nats.publish = (...[subject, payload, options]: Parameters<Publish>) =>
    write({ subject, payload: payload ?? '', ...(options?.reply ? { reply: options.reply } : {}), ...(options?.headers ? { headers: String(options.headers) } : {}) });
  return { write, flush };
}

/** The client's own way out, below its publish; it keeps what is sent while the connection is away, and counts nothing. */
function rawSender(nats: NatsConnection): (bytes: Uint8Array) => void {
  const protocol: unknown = Reflect.get(nats, 'protocol');
  const sendCommand: unknown = typeof protocol === 'object' && protocol !== null ? Reflect.get(protocol, 'sendCommand') : undefined;
  if (typeof sendCommand !== 'function') throw new TypeError('This version of the NATS client has no protocol.sendCommand: write-batches.ts has to be fitted to it');
  return (bytes) => void sendCommand.call(protocol, bytes);
}

/** Whether so much is written that a message does better to wait for others; asked for each message. */
function createBusyMeter(): () => boolean {
  let windowEnd = 0;
  let before = 0;
  let written = 0;
  return () => {
    const now = performance.now();
    if (now > windowEnd) {
      before = now < windowEnd + WINDOW_MS ? written : 0;
      windowEnd = now + WINDOW_MS;
      written = 0;
    }
    written += 1;
    return before > BUSY_MESSAGES || written > BUSY_MESSAGES;
  };
}
