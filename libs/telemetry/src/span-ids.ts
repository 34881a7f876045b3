import { createHash } from 'node:crypto';
import { RandomIdGenerator, type IdGenerator } from '@opentelemetry/sdk-trace-node';

export interface SpanIds {
  traceId?: string | undefined;
  spanId?: string | undefined;
}

/** What the next span is to be called; set only while one is started, which takes no turn of the event loop. */
let chosen: SpanIds | undefined;
const random = new RandomIdGenerator();

/** Random ids, but for a span that is started with ids of its own. */
export const idGenerator: IdGenerator = {
  generateTraceId: () => chosen?.traceId ?? random.generateTraceId(),
  generateSpanId: () => chosen?.spanId ?? random.generateSpanId(),
};

/** Starts a span under these ids. The trace id counts only where the span has no parent. */
export function withIds<Started>(ids: SpanIds, start: () => Started): Started {
  chosen = ids;
  try {
    return start();
  } finally {
    chosen = undefined;
  }
}

/**
 * The id of the span in which a call or a message is carried out, by its id and how often it was begun or delivered, from 1: whoever takes it
 * up again knows the id of the first one's span without asking, also when that process is dead.
 */
export const deliverySpanId = (id: string, count: number): string => createHash('sha256').update(`${id}:${count}`).digest('hex').slice(0, 16);

/** The id of the trace that a message begins which comes without one: the same each time it is delivered. */
export const deliveryTraceId = (id: string): string => createHash('sha256').update(id).digest('hex').slice(0, 32);
