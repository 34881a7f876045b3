import { Server, EventPattern, type CustomTransportStrategy } from '@nestjs/microservices';
import type { ConsumerEntry } from '@trivet/contracts';
import { isObservable, lastValueFrom } from 'rxjs';
import type { Bus } from './bus.js';
import type { RunningConsumer } from './consumer.js';
import type { Delivery } from './delivery.js';
import { ACK, describeSettlement, settlementOf, type Settlement } from './settlement.js';

/**
 * Marks a method of a Nest controller as the handler of a durable consumer. The method gets the Delivery; what it
 * throws is turned into a settlement here, since Nest would turn it into 'Internal server error'.
 */
export function OnDelivery(consumer: ConsumerEntry & { durable: string }) {
  return (target: object, key: string | symbol, descriptor: TypedPropertyDescriptor<(delivery: Delivery) => Promise<void>>): void => {
    const method = descriptor.value;
    if (!method) throw new TypeError(`${String(key)} is not a method`);
    const settling = async function (this: unknown, delivery: Delivery): Promise<Settlement> {
      try {
        await method.call(this, delivery);
        return ACK;
      } catch (error) {
        return settlementOf(error, delivery.deliveries);
      }
    };
    Object.assign(descriptor, { value: settling });
    const mark: (target: object, key: string | symbol, descriptor: object) => unknown = EventPattern(consumerName(consumer));
    mark(target, key, descriptor);
  };
}

export const consumerName = (consumer: ConsumerEntry & { durable: string }): string => `${consumer.stream}/${consumer.durable}`;

export interface ConsumerPlan {
  consumer: ConsumerEntry & { durable: string };
  concurrency: () => number;
}

/** What is needed of a service's logger. */
export type SettlementLogger = Record<'debug' | 'warn' | 'error', (fields: object, message: string) => void>;

/** Nest's transport for JetStream: runs each marked method as a durable pull consumer of our bus. */
export class JetStreamStrategy extends Server implements CustomTransportStrategy {
  private readonly running: RunningConsumer[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly plans: readonly ConsumerPlan[],
    private readonly options: { drainTimeoutMs: number; logger: SettlementLogger },
  ) {
    super();
  }

  listen(callback: (error?: unknown) => void): void {
    try {
      for (const [pattern, handler] of this.messageHandlers) {
        const plan = this.plans.find((candidate) => consumerName(candidate.consumer) === pattern);
        if (!plan) throw new Error(`No consumer is planned for the handler of ${pattern}`);
        const handle = async (delivery: Delivery): Promise<Settlement> => {
          const answer: unknown = await handler(delivery, delivery);
          return settlementFrom(isObservable(answer) ? await lastValueFrom(answer, { defaultValue: ACK }) : answer);
        };
        this.running.push(this.bus.consume({ ...plan, handle, onSettled: (delivery, settlement) => this.log(delivery, settlement) }));
      }
      callback();
    } catch (error) {
      callback(error);
    }
  }

  /** What did not go as it should is said, so that nothing is retried in silence. */
  private log(delivery: Delivery, settlement: Settlement): void {
    const line = describeSettlement(settlement, delivery);
    if (line) this.options.logger[line.level](line.fields, line.message);
  }

  /** How many messages are being worked on. */
  inFlight(): number {
    return this.running.reduce((total, consumer) => total + consumer.inFlight(), 0);
  }

  async close(): Promise<void> {
    for (const consumer of this.running) consumer.stop();
    await Promise.all(this.running.map((consumer) => consumer.drained(this.options.drainTimeoutMs)));
    this.running.length = 0;
  }

  on(): never {
    throw new Error('This transport has no events of its own; see the bus.');
  }

  unwrap<T>(): T {
    throw new Error('The bus is injected where it is needed; it is not unwrapped from the transport.');
  }
}

function settlementFrom(answer: unknown): Settlement {
  const settled = answer as Settlement | undefined;
  return settled && typeof settled === 'object' && 'do' in settled ? settled : ACK;
}
