import { eventMessageId, settlementOf, subjects, type Alive, type Bus, type ConsumeOptions, type Delivery, type Notice, type PublishOptions, type RawAnswer, type RunningConsumer, type Settlement } from '@trivet/bus';
import { FailureError, HEADERS, type ConsumerEntry, type StreamName } from '@trivet/contracts';
import type { Process, Scheduler } from '../scheduler.js';
import { createBroker, type Broker, type StoredBytes } from './broker.js';

/** The bus as all processes share it. */
export interface Network {
  broker: Broker;
  busFor: (process: Process) => Bus;
  /** Who may be asked whether it lives. */
  processes: Map<string, Process>;
  /** The broker is away for a while; what happens to its store meanwhile is the caller's. */
  goDown: () => void;
  comeBack: () => void;
  /** A process that stood still asks for messages again. */
  wake: () => void;
}

interface Puller {
  process: Process;
  consumer: ConsumerEntry & { durable: string };
  options: Omit<ConsumeOptions, 'onMissing'>;
  inFlight: number;
  isStopped: boolean;
}

export function createNetwork(scheduler: Scheduler): Network {
  const broker = createBroker(scheduler.nowMs);
  const processes = new Map<string, Process>();
  const pullers: Puller[] = [];
  const listeners: { process: Process; subject: RegExp; hear: (notice: Notice) => void }[] = [];
  const answerers: Answerer[] = [];
  const reconnects: { process: Process; tell: () => void }[] = [];
  let connectedAt = scheduler.nowMs() - 10_000;

  const pumpSoon = (delayMs: number): void => scheduler.at(delayMs, 'pump', null, pump);
  const delivery = createDelivery(scheduler, broker, pumpSoon);

  /** Hands out what there is room for. */
  function pump(): void {
    if (!broker.isUp) return;
    const full = new Set<Puller>();
    for (;;) {
      const free = pullers.filter((each) => !full.has(each) && each.process.isAlive && !each.isStopped && each.process.frozenUntil <= scheduler.nowMs() && each.inFlight < each.options.concurrency());
      if (free.length === 0) return;
      const puller = scheduler.random.pick(free);
      const taken = broker.take(puller.consumer);
      if (taken) delivery(puller, taken.message, taken.deliveries);
      else full.add(puller);
    }
  }

  const publish = (subject: string, body: unknown, { messageId, workflowId, headers, isText }: PublishOptions): { seq: number; duplicate: boolean } => {
    if (!broker.isUp) throw new FailureError('unavailable', 'The broker is away.');
    const data = body instanceof Uint8Array ? body : Buffer.from(isText && typeof body === 'string' ? body : JSON.stringify(body));
    const answer = broker.publish(subject, data, messageId, { ...headers, ...(workflowId ? { [HEADERS.workflowId]: workflowId } : {}) });
    pumpSoon(scheduler.random.between(0, 2));
    return answer;
  };

  const notify = (subject: string, body: unknown): void => {
    for (const { process, subject: wanted, hear } of listeners) {
      if (!broker.isUp || !wanted.test(subject) || scheduler.random.chance(scheduler.faults.lost)) continue;
      const data = Buffer.from(JSON.stringify(body));
      scheduler.at(scheduler.random.between(0, 3), 'notice', process, () => hear({ subject, data, json: () => JSON.parse(data.toString()), header: () => undefined }));
    }
  };

  const shared: Shared = { scheduler, broker, processes, pullers, listeners, answerers, reconnects, publish, notify, pumpSoon, connectedForMs: () => (broker.isUp ? scheduler.nowMs() - connectedAt : 0) };
  return {
    broker,
    busFor: (process) => busOf(shared, process),
    processes,
    wake: () => pumpSoon(1),
    goDown: () => void (broker.isUp = false),
    comeBack: () => {
      broker.isUp = true;
      connectedAt = scheduler.nowMs();
      for (const { process, tell } of reconnects) scheduler.at(scheduler.random.between(0, 50), 'reconnected', process, tell);
      pumpSoon(5);
    },
  };
}

/** What the buses of all processes share. */
interface Answerer {
  process: Process;
  /** The subject without its wildcard at the end. */
  place: string;
  answer: (notice: Notice) => Promise<string>;
}

interface Shared {
  scheduler: Scheduler;
  broker: Broker;
  processes: Map<string, Process>;
  pullers: Puller[];
  listeners: { process: Process; subject: RegExp; hear: (notice: Notice) => void }[];
  answerers: Answerer[];
  reconnects: { process: Process; tell: () => void }[];
  publish: (subject: string, body: unknown, options: PublishOptions) => { seq: number; duplicate: boolean };
  notify: (subject: string, body: unknown) => void;
  pumpSoon: (delayMs: number) => void;
  connectedForMs: () => number;
}

function busOf(shared: Shared, process: Process): Bus {
  const { scheduler, broker, processes, pullers, listeners, answerers, reconnects, publish, notify, pumpSoon, connectedForMs } = shared;
  return {
    publish: (subject, body, options = {}) => scheduler.call(process, `publish ${subject}`, () => ({ stream: '', ...publish(subject, body, options) }), { inOrder: true }),
    publishEvents: async (tenant, workflowId, events) => {
      const acks = await Promise.all(events.map(({ seq, type, text }) => scheduler.call(process, `publish ${type}`, () => publish(subjects.event(tenant, workflowId, type), text, { isText: true, workflowId, messageId: eventMessageId(tenant, workflowId, seq) }), { inOrder: true })));
      return Math.max(...acks.map(({ seq }) => seq));
    },
    notify,
    listen: (subject, hear) => {
      listeners.push({ process, subject: new RegExp(`^${subject.split('.').map((token) => (token === '*' ? '[^.]+' : token)).join('\\.')}$`), hear });
      return { stop: () => undefined };
    },
    createInbox: () => ({ subject: 'inbox', stop: () => undefined }),
    request: () => Promise.reject(new FailureError('unavailable', 'Nobody answers here.')),
    ask: (subject, body, options = {}) => askOther(shared, process, { subject, body, ...options }),
    answer: (subject, answer) => {
      answerers.push({ process, place: subject.replace(/>$/, ''), answer });
      return { stop: () => undefined };
    },
    consume: (options) => {
      const puller: Puller = { process, consumer: options.consumer, options, inFlight: 0, isStopped: false };
      pullers.push(puller);
      pumpSoon(1);
      return runningConsumer(puller);
    },
    respond: () => ({ stop: () => undefined }),
    isAlive: (_service, workerId, { timeoutMs = 1_000, stableMs = 3_000 } = {}) => {
      const other = processes.get(workerId);
      if (!broker.isUp) return Promise.resolve('unknown');
      if (other?.isAlive && other.frozenUntil <= scheduler.nowMs()) return Promise.resolve(true);
      const believed = (answer: Alive): Alive => (broker.isUp && connectedForMs() >= stableMs ? answer : 'unknown');
      if (other?.isAlive) return new Promise((resolve) => scheduler.at(timeoutMs, 'no answer', process, () => resolve(believed('silent'))));
      return Promise.resolve(believed(false));
    },
    ensureStreams: () => Promise.resolve(),
    isClustered: () => false,
    streamState: (stream) => whileUp(broker, () => scheduler.call(process, 'stream state', () => broker.streamState(stream))),
    consumerState: (stream, durable) => whileUp(broker, () => scheduler.call(process, 'consumer state', () => broker.consumerState(stream, durable))),
    messageIdAt: () => Promise.resolve(null),
    countOf: () => Promise.resolve(0),
    read: () => Promise.resolve([]),
    follow: () => Promise.resolve(),
    remove: () => Promise.resolve(false),
    purge: () => Promise.resolve(0),
    onReconnect: (tell) => {
      reconnects.push({ process, tell });
      return () => undefined;
    },
    connectedForMs,
    isConnected: () => broker.isUp,
    maxPayloadBytes: () => 1_048_576,
    close: () => Promise.resolve(),
    };
}

/** A question may get lost, and so may its answer, though what was asked is done. */
function askOther({ scheduler, broker, answerers }: Shared, process: Process, { subject, body, workflowId, headers, timeoutMs = 5_000 }: { subject: string; body: string } & PublishOptions): Promise<RawAnswer | null> {
  const { random, faults } = scheduler;
  const other = answerers.find(({ process: { isAlive }, place }) => isAlive && subject.startsWith(place));
  if (!broker.isUp) return Promise.reject(new FailureError('unavailable', 'The broker is away.'));
  if (!other) return Promise.resolve(null);
  const data = Buffer.from(body);
  const notice: Notice = { subject, data, json: () => JSON.parse(body), header: (name) => (name === HEADERS.workflowId ? workflowId : headers?.[name]) };
  return new Promise((resolve, reject) => {
    scheduler.at(timeoutMs, 'no answer', process, () => reject(new FailureError('unavailable', 'Nobody answered in time.')));
    const answered = (text: string): void => {
      if (!random.chance(faults.lost)) scheduler.at(random.between(0, 3), 'answered', process, () => resolve({ data: Buffer.from(text), header: () => undefined }));
    };
    if (!random.chance(faults.lost)) scheduler.at(random.between(0, 3), 'asked', other.process, () => void other.answer(notice).then(answered, () => answered('')));
  });
}

const whileUp = <Result>(broker: Broker, task: () => Promise<Result>): Promise<Result> => (broker.isUp ? task() : Promise.reject(new FailureError('unavailable', 'The broker is away.')));

const runningConsumer = (puller: Puller): RunningConsumer => ({
  stop: () => void (puller.isStopped = true),
  drained: () => Promise.resolve(),
  inFlight: () => puller.inFlight,
});

type Deliver = (puller: Puller, message: StoredBytes, deliveries: number) => void;

/** One delivery, from the broker to its settlement; any part of the way may be lost. */
function createDelivery(scheduler: Scheduler, broker: Broker, pumpSoon: (delayMs: number) => void): Deliver {
  const { random } = scheduler;
  return (puller, message, deliveries) => {
    const { stream, durable, ackWaitMs } = puller.consumer;
    let atWork = true;
    puller.inFlight += 1;
    const end = (): void => {
      atWork = false;
      puller.inFlight -= 1;
      pumpSoon(0);
    };

    /** A live handler says three times in ackWaitMs that it is at work; without that the message comes again. */
    const watch = (): void =>
      scheduler.at(ackWaitMs, 'ack wait', null, () => {
        const isBusy = atWork && puller.process.isAlive && puller.process.frozenUntil <= scheduler.nowMs() && !random.chance(scheduler.faults.lost);
        if (!isBusy) return pump(0);
        broker.again(stream, durable, message.seq, ackWaitMs);
        watch();
      });
    const pump = (delayMs: number): void => pumpSoon(delayMs + 1);

    const settle = (settlement: Settlement): void => {
      scheduler.trace(`${puller.process.name} settles ${message.subject}: ${JSON.stringify(settlement)}`);
      end();
      if (!broker.isUp || random.chance(scheduler.faults.lost)) return;
      if (settlement.do === 'nak') {
        broker.again(stream, durable, message.seq, settlement.delayMs);
        return pump(settlement.delayMs);
      }
      if (settlement.do === 'dead') broker.publish(subjects.dead(stream), message.data, undefined, { [HEADERS.deadReason]: settlement.reason });
      broker.ack(stream, durable, message.seq);
    };

    watch();
    if (random.chance(scheduler.faults.lost)) {
      scheduler.trace(`the delivery of ${message.subject} to ${puller.process.name} is lost`);
      return end();
    }
    scheduler.at(random.between(0, 2), `deliver ${message.subject}`, puller.process, () => {
      const given = deliveryOf(message, stream, deliveries);
      puller.options.handle(given).catch((error: unknown) => settlementOf(error, deliveries)).then(settle, () => end());
    });
  };
}

function deliveryOf(message: StoredBytes, stream: StreamName, deliveries: number): Delivery {
  return { id: `${stream}:${message.seq}`, subject: message.subject, data: message.data, header: (name) => message.headers[name], headerNames: () => Object.keys(message.headers), headers: undefined, stream, streamSeq: message.seq, deliveries };
}
