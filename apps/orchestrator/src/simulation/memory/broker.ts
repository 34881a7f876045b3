import { CONSUMERS, STREAMS, type ConsumerEntry, type StreamName } from '@trivet/contracts';

export interface StoredBytes {
  seq: number;
  subject: string;
  data: Uint8Array;
  headers: Readonly<Record<string, string>>;
}

/** A message that went out to a process and is not settled yet. */
interface Pending {
  deliveries: number;
  /** When it comes again unless it is settled; a handler at work puts that off. */
  until: number;
}

interface Consumer {
  entry: ConsumerEntry & { durable: string };
  delivered: number;
  pending: Map<number, Pending>;
}

interface Stream {
  created: string;
  lastSeq: number;
  messages: Map<number, StoredBytes>;
  /** Message ids of a while, with the sequence they got. */
  known: Map<string, { seq: number; until: number }>;
  consumers: Map<string, Consumer>;
}

/** What JetStream does, as far as the orchestrators and workers rely on it: at least once, in streams that can be lost. */
export interface Broker {
  isUp: boolean;
  publish: (subject: string, data: Uint8Array, messageId: string | undefined, headers: Readonly<Record<string, string>>) => { seq: number; duplicate: boolean };
  /** The next message for a consumer: one whose time for an answer has passed, or a new one. */
  take: (consumer: ConsumerEntry & { durable: string }) => { message: StoredBytes; deliveries: number } | null;
  ack: (stream: StreamName, durable: string, seq: number) => void;
  again: (stream: StreamName, durable: string, seq: number, delayMs: number) => void;
  streamState: (stream: StreamName) => { incarnation: string; messages: number; firstSeq: number; lastSeq: number };
  consumerState: (stream: StreamName, durable: string) => { ackFloor: number; pending: number; ackPending: number; redelivered: number };
  messages: (stream: StreamName) => StoredBytes[];
  /** All streams are made anew, empty. */
  wipe: () => void;
  /** The store as it is, to go back to. */
  snapshot: () => () => void;
}

export function createBroker(nowMs: () => number): Broker {
  let streams = emptyStreams(nowMs());
  const streamOf = (name: StreamName): Stream => {
    const stream = streams.get(name);
    if (!stream) throw new RangeError(`There is no stream ${name}`);
    return stream;
  };
  const consumerOf = (name: StreamName, durable: string): Consumer | undefined => streamOf(name).consumers.get(durable);

  return {
    isUp: true,
    publish: (subject, data, messageId, headers) => {
      const stream = streamOf(streamFor(subject));
      const known = messageId === undefined ? undefined : stream.known.get(messageId);
      if (known && known.until > nowMs()) return { seq: known.seq, duplicate: true };
      const seq = (stream.lastSeq += 1);
      stream.messages.set(seq, { seq, subject, data, headers });
      if (messageId !== undefined) stream.known.set(messageId, { seq, until: nowMs() + STREAMS[streamFor(subject)].duplicateWindowMs });
      return { seq, duplicate: false };
    },
    take: (entry) => {
      const consumer = consumerOf(entry.stream, entry.durable);
      return consumer ? takeNext(streamOf(entry.stream), consumer, nowMs()) : null;
    },
    ack: (name, durable, seq) => {
      if (consumerOf(name, durable)?.pending.delete(seq) && STREAMS[name].retention === 'workqueue') streamOf(name).messages.delete(seq);
    },
    again: (name, durable, seq, delayMs) => {
      const pending = consumerOf(name, durable)?.pending.get(seq);
      if (pending) pending.until = nowMs() + delayMs;
    },
    streamState: (name) => {
      const { created, messages, lastSeq } = streamOf(name);
      return { incarnation: created, messages: messages.size, firstSeq: 1, lastSeq };
    },
    consumerState: (name, durable) => {
      const consumer = consumerOf(name, durable);
      const open = [...(consumer?.pending.keys() ?? [])];
      const ackFloor = open.length > 0 ? Math.min(...open) - 1 : (consumer?.delivered ?? 0);
      const waiting = [...streamOf(name).messages.values()].filter(({ seq, subject }) => consumer !== undefined && seq > consumer.delivered && matches(consumer.entry.filter, subject));
      return { ackFloor, pending: waiting.length, ackPending: open.length, redelivered: 0 };
    },
    messages: (name) => [...streamOf(name).messages.values()],
    wipe: () => void (streams = emptyStreams(nowMs())),
    snapshot: () => {
      const kept = structuredClone(streams);
      return () => void (streams = structuredClone(kept));
    },
  };
}

function takeNext(stream: Stream, consumer: Consumer, now: number): { message: StoredBytes; deliveries: number } | null {
  const { ackWaitMs, filter } = consumer.entry;
  for (const [seq, pending] of consumer.pending) {
    if (pending.until > now) continue;
    const message = stream.messages.get(seq);
    if (!message) {
      consumer.pending.delete(seq);
      continue;
    }
    pending.deliveries += 1;
    pending.until = now + ackWaitMs;
    return { message, deliveries: pending.deliveries };
  }
  while (consumer.delivered < stream.lastSeq) {
    consumer.delivered += 1;
    const message = stream.messages.get(consumer.delivered);
    if (!message || !matches(filter, message.subject)) continue;
    consumer.pending.set(message.seq, { deliveries: 1, until: now + ackWaitMs });
    return { message, deliveries: 1 };
  }
  return null;
}

function emptyStreams(now: number): Map<StreamName, Stream> {
  const names = Object.keys(STREAMS).filter((name): name is StreamName => name in STREAMS);
  return new Map(
    names.map((name) => {
      const consumers = Object.values<ConsumerEntry & { durable: string }>(CONSUMERS).filter((entry) => entry.stream === name);
      return [name, { created: new Date(now).toISOString(), lastSeq: 0, messages: new Map(), known: new Map(), consumers: new Map(consumers.map((entry) => [entry.durable, { entry, delivered: 0, pending: new Map() }])) }];
    }),
  );
}

const streamBySubject = new Map<string, StreamName>();

/** The stream by the first three words of a subject, which tell them apart. */
function streamFor(subject: string): StreamName {
  const head = subject.split('.').slice(2, 4).join('.');
  const known = streamBySubject.get(head);
  if (known) return known;
  const found = Object.entries(STREAMS).find(([, { subjects }]) => subjects.some((filter) => matches(filter, subject)))?.[0];
  if (found === undefined || !(found in STREAMS)) throw new RangeError(`No stream takes ${subject}`);
  const name = Object.keys(STREAMS).find((each): each is StreamName => each === found) ?? 'DEAD';
  streamBySubject.set(head, name);
  return name;
}

const patterns = new Map<string, RegExp>();

function matches(filter: string, subject: string): boolean {
  const known = patterns.get(filter) ?? new RegExp(`^${filter.split('.').map((token) => (token === '*' ? '[^.]+' : token)).join('\\.')}$`);
  patterns.set(filter, known);
  return known.test(subject);
}
