import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import { context } from '@opentelemetry/api';
import type { StreamName } from '@trivet/contracts';
import { isAlive, type Alive } from './alive.js';
import { openConnection, whileConnected, type BusOptions, type Connection } from './connection.js';
import { startConsumer, type ConsumeOptions, type RunningConsumer } from './consumer.js';
import { eventMessages, type JournalEvent } from './event-messages.js';
import { followStream, type FollowOptions } from './follow.js';
import { NOBODY, type BusObserver } from './observer.js';
import { headerBlock, incomingContext, readHeader } from './message-headers.js';
import { createPublisher, type PublishAck, type PublishOptions } from './publisher.js';
import { createRequester, type Answer, type RawAnswer } from './requester.js';
import { startResponder, type ServiceDescription } from './responder.js';
import { consumerState, ensureAtStart, ensureStreams, streamState } from './streams.js';
import { countOf, messageIdAt, purgeSubject, readStream, removeMessage, type StoredMessage } from './stored.js';

export interface Notice {
  subject: string;
  data: Uint8Array;
  json: () => unknown;
  header: (name: string) => string | undefined;
}

/** Everything a service does on the bus. */
export interface Bus {
  publish: (subject: string, body: unknown, options?: PublishOptions) => Promise<PublishAck>;
  /** Stores events of a workflow in the journal, in their order; resolves when the broker has all of them, with the sequence in the stream of the last. */
  publishEvents: (tenant: string, workflowId: string, events: readonly JournalEvent[]) => Promise<number>;
  /** Core NATS: reaches whoever listens now, is stored nowhere. */
  notify: (subject: string, body: unknown, options?: PublishOptions) => void;
  /** Core NATS; the listener may not throw. */
  listen: (subject: string, listener: (notice: Notice) => void) => { stop: () => void };
  /** Core NATS: answers whoever asks on a subject; one that throws gives an empty answer. */
  answer: (subject: string, answer: (notice: Notice) => Promise<string>) => { stop: () => void };
  /** An inbox of our own, for answers we ask for by name. */
  createInbox: (listener: (notice: Notice) => void) => { subject: string; stop: () => void };
  request: (subject: string, body: unknown, options?: PublishOptions) => Promise<Answer>;
  /** Asks somebody who is not one of ours, and gives the answer as it came; null: nobody listens there. */
  ask: (subject: string, body: string, options?: PublishOptions) => Promise<RawAnswer | null>;
  consume: (options: Omit<ConsumeOptions, 'onMissing' | 'onRedelivered'>) => RunningConsumer;
  respond: (service: ServiceDescription) => { stop: () => void };
  /** Whether a worker process answers; that it does not is believed only when our own connection is older than stableMs. */
  isAlive: (service: string, workerId: string, options?: { timeoutMs?: number; stableMs?: number }) => Promise<Alive>;
  ensureStreams: () => Promise<void>;
  streamState: (stream: StreamName) => ReturnType<typeof streamState>;
  consumerState: (stream: StreamName, durable: string) => ReturnType<typeof consumerState>;
  /** Messages of a stream by subject, oldest first; for reading the journal, spans and dead letters. */
  read: (stream: StreamName, options: { subject?: string; limit: number; afterSeq?: number }) => Promise<StoredMessage[]>;
  /** What a stream holds after a sequence and then what comes, each once and in order; resolves when stopped. */
  follow: (stream: StreamName, options: FollowOptions) => Promise<void>;
  /** The id of the message with this sequence; null: the stream has no such message. */
  messageIdAt: (stream: StreamName, seq: number) => Promise<string | null>;
  /** Takes a message out of a stream; false: it was not there. */
  remove: (stream: StreamName, seq: number) => Promise<boolean>;
  /** Takes all messages on these subjects out of a stream, or those below a sequence; resolves to how many there were. */
  purge: (stream: StreamName, options: { subject: string; belowSeq?: number }) => Promise<number>;
  /** How many messages a stream holds on these subjects. */
  countOf: (stream: StreamName, subject: string) => Promise<number>;
  onReconnect: (listener: () => void) => () => void;
  /** How long our connection has been up; 0 while it is not. */
  connectedForMs: () => number;
  isConnected: () => boolean;
  /** Whether there are several servers: a worker may then be connected to another one than we are. */
  isClustered: () => boolean;
  maxPayloadBytes: () => number;
  close: () => Promise<void>;
}

/** Connects to the bus; `mayCreate` says whether this process creates missing streams (the orchestrator does), `replicas` on how many servers each is kept, `journalMaxAgeMs` for how long the journal keeps what it holds. */
export async function connectBus(options: BusOptions & { mayCreate?: boolean; replicas?: number; journalMaxAgeMs?: number; onError?: (error: unknown) => void; observer?: BusObserver }): Promise<Bus> {
  const connection = await openConnection(options);
  const { nats, writer } = connection;
  const { inboxPrefix = '_INBOX', observer = NOBODY, onError: report = () => undefined } = options;
  const publisher = createPublisher(connection, inboxPrefix, observer);
  const requester = createRequester(connection, inboxPrefix);
  const ensure = singleFlight(() => whileConnected(connection, () => ensureStreams(nats, options)));
  let inboxes = 0;
  if (options.mayCreate) await ensureAtStart(ensure, { onWait: report });

  const listen = listening(nats, report);

  return {
    publish: publisher.publish,
    publishEvents: (tenant, workflowId, events) => publisher.publishAll(eventMessages(tenant, workflowId, events)),
    notify: (subject, body, publishOptions = {}) => writer.write({ subject, payload: JSON.stringify(body), headers: headerBlock(publishOptions) }),
    listen: (subject, listener) => {
      const subscription = listen(subject, listener);
      return { stop: () => subscription.unsubscribe() };
    },
    answer: (subject, answer) => {
      const subscription = listen(subject, (notice, reply) => void answer(notice).catch(emptyAnswer(report)).then((text) => reply && !nats.isClosed() && nats.publish(reply, text)));
      return { stop: () => subscription.unsubscribe() };
    },
    createInbox: (listener) => {
      const subject = `${inboxPrefix}.${nats.info?.client_id ?? 0}-${process.pid}.answer.${(inboxes++).toString(36)}`;
      const subscription = listen(subject, listener);
      return { subject, stop: () => subscription.unsubscribe() };
    },
    request: requester.request,
    ask: requester.ask,
    consume: (consumeOptions) =>
      startConsumer(nats, publisher, inboxPrefix, {
        ...consumeOptions,
        onRedelivered: () => observer.onRedelivered(`${consumeOptions.consumer.stream}/${consumeOptions.consumer.durable}`),
        onMissing: () => {
          if (options.mayCreate) void ensure().catch(report);
        },
      }),
    respond: (service) => startResponder(nats, service),
    isAlive: (service, workerId, patience) => isAlive(connection, service, workerId, patience),
    ensureStreams: ensure,
    ...createReading(connection),
    onReconnect: connection.onReconnect,
    connectedForMs: () => {
      const since = connection.connectedSince();
      return since === null ? 0 : Date.now() - since;
    },
    isConnected: () => connection.connectedSince() !== null && !nats.isClosed(),
    isClustered: () => nats.info?.cluster !== undefined,
    maxPayloadBytes: () => nats.info?.max_payload ?? 1_048_576,
    close: async () => {
      publisher.close();
      requester.close();
      await connection.close();
    },
  };
}

/** What is said on a subject, each in the trace it came in. */
function listening(nats: NatsConnection, report: (error: unknown) => void): (subject: string, listener: (notice: Notice, reply: string | undefined) => void) => Subscription {
  return (subject, listener) =>
    nats.subscribe(subject, {
      callback: (error, message) => {
        if (error) return report(error);
        const notice: Notice = { subject: message.subject, data: message.data, json: () => message.json(), header: (name) => readHeader(message.headers, name) };
        context.with(incomingContext(message.headers), () => listener(notice, message.reply));
      },
    });
}

const emptyAnswer = (report: (error: unknown) => void) => (error: unknown): string => {
  report(error);
  return '';
};

/** Looks at what the broker holds. */
function createReading(connection: Connection): Pick<Bus, 'streamState' | 'consumerState' | 'messageIdAt' | 'countOf' | 'read' | 'follow' | 'remove' | 'purge'> {
  const { nats } = connection;
  return {
    streamState: (stream) => whileConnected(connection, () => streamState(nats, stream)),
    consumerState: (stream, durable) => whileConnected(connection, () => consumerState(nats, stream, durable)),
    messageIdAt: (stream, seq) => whileConnected(connection, () => messageIdAt(nats, stream, seq)),
    countOf: (stream, subject) => whileConnected(connection, () => countOf(nats, stream, subject)),
    read: (stream, options) => whileConnected(connection, () => readStream(nats, stream, options)),
    follow: (stream, options) => followStream(nats, stream, options),
    purge: (stream, options) => whileConnected(connection, () => purgeSubject(nats, stream, options)),
    remove: (stream, seq) => whileConnected(connection, () => removeMessage(nats, stream, seq)),
  };
}

function singleFlight(task: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= task().finally(() => (running = undefined)));
}
