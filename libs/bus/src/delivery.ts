import type { Msg, MsgHdrs, NatsConnection } from '@nats-io/transport-node';
import { nanos } from '@nats-io/transport-node';
import { readHeader } from './message-headers.js';

/** One delivered message, as a handler sees it. */
export interface Delivery {
  /** The same each time this message is delivered, and of no other, also of a stream that was made anew. */
  id: string;
  subject: string;
  /** The raw body. */
  data: Uint8Array;
  /** Case does not matter. */
  header: (name: string) => string | undefined;
  headerNames: () => string[];
  headers: MsgHdrs | undefined;
  stream: string;
  streamSeq: number;
  /** 1 for the first delivery. */
  deliveries: number;
}

/** `$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<time>.<pending>`, or with domain and account. */
export function toDelivery(message: Msg): Delivery | null {
  const tokens = message.reply?.split('.') ?? [];
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return null;
  const [stream = '', , deliveries = '1', streamSeq = '0', , storedAt = ''] = tokens.slice(tokens.length >= 11 ? 4 : 2);
  return {
    id: `${stream}:${streamSeq}:${storedAt}`,
    subject: message.subject,
    data: message.data,
    header: (name) => readHeader(message.headers, name),
    headerNames: () => message.headers?.keys() ?? [],
    headers: message.headers,
    stream,
    deliveries: Number(deliveries),
    streamSeq: Number(streamSeq),
  };
}

/** The acknowledgements of the JetStream protocol; fire and forget, since every script behind them is idempotent. */
export function acknowledger(nats: NatsConnection, message: Msg): { ack: () => void; nak: (delayMs: number) => void; working: () => void; term: (reason: string) => void } {
  const say = (text: string): void => {
    if (message.reply && !nats.isClosed()) nats.publish(message.reply, text);
  };
  return {
    ack: () => say('+ACK'),
    nak: (delayMs) => say(delayMs > 0 ? `-NAK ${JSON.stringify({ delay: nanos(delayMs) })}` : '-NAK'),
    working: () => say('+WPI'),
    term: (reason) => say(`+TERM ${reason.replace(/[\r\n]+/g, ' ').slice(0, 200)}`),
  };
}
