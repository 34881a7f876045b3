import { context } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace-node';
import type { TraceSpan } from '@trivet/contracts';
import { ATTRIBUTES } from './attributes.js';
import { toTraceSpan } from './trace-span.js';

/** Sends the spans of one workflow on their way; a rejection means they are lost. */
export type PublishSpans = (tenant: string, workflowId: string, spans: TraceSpan[]) => Promise<void>;

export interface SpanPublisher extends SpanProcessor {
  setPublisher(publish: PublishSpans): void;
  /** How many spans were lost: the queue was full, or they could not be published. */
  dropped(): number;
}

export interface SpanPublisherOptions {
  /** The name of this process, for spans that name no tier of their own. */
  service: string;
  publish?: PublishSpans;
  /** How long a span may wait for others of its workflow. */
  delayMs?: number;
  /** Spans that may wait; the newest are dropped beyond that. */
  maxQueued?: number;
  /** How long one publish may take before its spans count as lost. */
  timeoutMs?: number;
}

interface QueuedSpan {
  tenant: string;
  workflowId: string;
  span: TraceSpan;
}

/**
 * Collects finished spans and publishes them by workflow, for the built-in trace view. It never throws and never holds
 * a service up: beyond its bounds spans are dropped and counted. Until there is a publisher (the bus connects after
 * telemetry starts) spans wait in the queue. Spans of no workflow are not published.
 */
export function createSpanPublisher(options: SpanPublisherOptions): SpanPublisher {
  const { service, delayMs = 50, maxQueued = 8_192, timeoutMs = 5_000 } = options;
  let publish = options.publish;
  let queue: QueuedSpan[] = [];
  let timer: NodeJS.Timeout | undefined;
  let sending: Promise<void> | undefined;
  let dropped = 0;

  const send = async (publishSpans: PublishSpans): Promise<void> => {
    const batches = toBatches(queue);
    queue = [];
    // Publishing must not make spans of its own, or each batch would call for the next.
    await context.with(suppressTracing(context.active()), () =>
      Promise.all(batches.map(async (batch) => {
        if (!(await isPublished(publishSpans, batch, timeoutMs))) dropped += batch.spans.length;
      })),
    );
  };
  const flush = async (): Promise<void> => {
    clearTimeout(timer);
    timer = undefined;
    await sending;
    if (!publish || queue.length === 0) return;
    sending = send(publish);
    await sending;
    sending = undefined;
    if (queue.length > 0) schedule();
  };
  const schedule = (): void => {
    if (timer || !publish) return;
    timer = setTimeout(() => void flush(), delayMs);
    timer.unref();
  };
  const onEnd = (ended: ReadableSpan): void => {
    const workflowId = ended.attributes[ATTRIBUTES.workflowId];
    const tenant = ended.attributes[ATTRIBUTES.tenant];
    if (typeof workflowId !== 'string' || typeof tenant !== 'string') return;
    if (queue.length >= maxQueued) {
      dropped += 1;
      return;
    }
    queue.push({ tenant, workflowId, span: toTraceSpan(ended, service) });
    schedule();
  };
  return {
    setPublisher: (next) => {
      publish = next;
      if (queue.length > 0) schedule();
    },
    dropped: () => dropped,
    onStart: () => undefined,
    onEnd,
    forceFlush: flush,
    shutdown: flush,
  };
}

interface Batch {
  tenant: string;
  workflowId: string;
  spans: TraceSpan[];
  characters: number;
}

/** A batch stays well under the broker's payload limit of 1 MiB, also when every character takes four bytes. */
const MAX_BATCH_CHARACTERS = 128 * 1_024;

function toBatches(queue: readonly QueuedSpan[]): Batch[] {
  const open = new Map<string, Batch>();
  const batches: Batch[] = [];
  for (const { tenant, workflowId, span } of queue) {
    const key = `${tenant} ${workflowId}`;
    const characters = sizeOf(span);
    let batch = open.get(key);
    if (!batch || batch.characters + characters > MAX_BATCH_CHARACTERS) {
      batch = { tenant, workflowId, spans: [], characters: 0 };
      open.set(key, batch);
      batches.push(batch);
    }
    batch.spans.push(span);
    batch.characters += characters;
  }
  return batches;
}

/** Roughly the length of the span as JSON, without paying for writing it twice. */
function sizeOf(span: TraceSpan): number {
  const attributes = [span, ...(span.events ?? [])].flatMap((each) => Object.entries(each.attributes));
  return attributes.reduce((sum, [name, value]) => sum + name.length + 8 + (typeof value === 'string' ? value.length : 20), 300);
}

async function isPublished(publish: PublishSpans, batch: Batch, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), timeoutMs);
    timer.unref();
  });
  try {
    return await Promise.race([publish(batch.tenant, batch.workflowId, batch.spans).then(() => true), late]);
  } catch {
    return false;
  } finally {
    clearTimeout(timer);
  }
}
