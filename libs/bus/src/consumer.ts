import type { Msg, NatsConnection } from '@nats-io/transport-node';
import { context } from '@opentelemetry/api';
import { HEADERS, STREAMS, type ConsumerEntry, type StreamName } from '@trivet/contracts';
import { acknowledger, toDelivery, type Delivery } from './delivery.js';
import { headerValue, incomingContext } from './message-headers.js';
import type { Publisher } from './publisher.js';
import { startPull, type Pull } from './pull.js';
import { settlementOf, type Settlement } from './settlement.js';
import { subjects, workflowOfSubject } from './subjects.js';

export type DeliveryHandler = (delivery: Delivery) => Promise<Settlement>;

export interface ConsumeOptions {
  consumer: ConsumerEntry & { durable: string };
  /** How many messages may be worked on at once; asked for again each time, so that it may change. */
  concurrency: () => number;
  handle: DeliveryHandler;
  onMissing: () => void;
  /** A message came that had been delivered before. */
  onRedelivered?: () => void;
  onSettled?: (delivery: Delivery, settlement: Settlement) => void;
}

export interface RunningConsumer {
  /** Asks for no more messages. */
  stop: () => void;
  /** Resolves when all messages at hand are settled, or after timeoutMs; what is left then comes back to another process. */
  drained: (timeoutMs: number) => Promise<void>;
  inFlight: () => number;
}

/** Takes messages of a durable consumer, keeps the broker informed while a handler works, and settles each once. */
export function startConsumer(nats: NatsConnection, publisher: Publisher, inboxPrefix: string, options: ConsumeOptions): RunningConsumer {
  const working = new Map<Promise<void>, () => void>();
  /** One timer for all: the broker hears of each message at least this often while a handler works on it. */
  const beating = new Set<() => void>();
  const heart = setInterval(() => beating.forEach((beat) => beat()), options.consumer.ackWaitMs / 3);
  heart.unref();
  const pull: Pull = startPull(nats, inboxPrefix, {
    stream: options.consumer.stream,
    durable: options.consumer.durable,
    capacity: options.concurrency,
    onMissing: options.onMissing,
    onMessage: (message) => {
      const giveBack = (): void => acknowledger(nats, message).nak(0);
      const task: Promise<void> = work(message).finally(() => {
        working.delete(task);
        pull.release();
      });
      working.set(task, giveBack);
    },
  });

  async function work(message: Msg): Promise<void> {
    const delivery = toDelivery(message);
    if (!delivery) return;
    if (delivery.deliveries > 1) options.onRedelivered?.();
    const say = acknowledger(nats, message);
    beating.add(say.working);
    try {
      const settlement = await context.with(incomingContext(message.headers), () => options.handle(delivery)).catch((error: unknown) => settlementOf(error, delivery.deliveries));
      await settle(delivery, say, settlement);
      // What is said of it there belongs to its workflow and trace, like all that the handler said.
      context.with(incomingContext(message.headers, workflowOfSubject(delivery.subject)), () => options.onSettled?.(delivery, settlement));
    } finally {
      beating.delete(say.working);
    }
  }

  async function settle(delivery: Delivery, say: ReturnType<typeof acknowledger>, settlement: Settlement): Promise<void> {
    if (settlement.do === 'ack') return say.ack();
    if (settlement.do === 'nak') return say.nak(settlement.delayMs);
    try {
      await deadLetter(publisher, delivery, settlement.reason);
      say.term(settlement.reason);
    } catch {
      // Not kept, so not ended: it comes again, and with it the next attempt to keep it.
      say.nak(1_000);
    }
  }

  return {
    stop: () => pull.stop(),
    drained: async (timeoutMs) => {
      const deadline = new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), timeoutMs).unref());
      const done = Promise.allSettled(working.keys());
      if ((await Promise.race([done, deadline])) === 'late') for (const giveBack of working.values()) giveBack();
      clearInterval(heart);
    },
    inFlight: () => pull.inFlight(),
  };
}

/** Keeps a message that cannot be handled: its headers, its body, why, and how often it was tried; its id ends with the subject it came on. */
export async function deadLetter(publisher: Publisher, delivery: Delivery, reason: string): Promise<void> {
  const stream = isStream(delivery.stream) ? delivery.stream : 'DEAD';
  const headers: Record<string, string> = {};
  for (const name of delivery.headerNames()) if (!name.startsWith('Nats-')) headers[name] = delivery.header(name) ?? '';
  headers[HEADERS.deadReason] = headerValue(reason);
  headers[HEADERS.deadAttempts] = String(delivery.deliveries);
  await publisher.publish(subjects.dead(stream), delivery.data, { headers, messageId: `dead-${delivery.stream}-${delivery.streamSeq}-${delivery.subject}` });
}

const isStream = (name: string): name is StreamName => name in STREAMS;
