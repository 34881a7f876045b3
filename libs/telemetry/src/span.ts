import { context, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes, type Context, type Link, type Span } from '@opentelemetry/api';
import { FailureError } from '@trivet/contracts';
import { ATTRIBUTES } from './attributes.js';
import { LeftOutSpan } from './left-out-span.js';
import { FIRST_SPAN, MUST_BE_KEPT } from './load-sampler.js';
import { contextOfTraceparent, traceparentOf } from './propagation.js';
import { redactText } from './redaction.js';
import { deliverySpanId, deliveryTraceId, withIds } from './span-ids.js';

export interface SpanOptions {
  /** What kind of hop this is; default: internal. */
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes?: Attributes;
  /** The span this one continues: a `traceparent` header or a context; default: the one that is active. */
  parent?: string | Context;
  /** What this span carries out, where that may come again. */
  delivery?: DeliveryOfSpan;
}

/** A call that somebody may have begun before, or a message that may have been delivered before: from the second time on, its span is linked to that of the first. */
export interface DeliveryOfSpan {
  /** The same each time, and of nothing else: the id of the call, or of the message. */
  id: string;
  /** How often it was begun or delivered, from 1. */
  count: number;
}

/**
 * Runs `fn` in a span of its own. What `fn` throws is recorded on the span, with its failure code as `error.type`, and
 * thrown on. The workflow of the active context stays in force also when `parent` is given.
 */
export async function withSpan<Result>(name: string, options: SpanOptions, fn: (span: Span) => Result | Promise<Result>): Promise<Result> {
  const parent = parentContext(options.parent);
  const span = startSpan(name, options, parent);
  try {
    return await context.with(trace.setSpan(parent, span), fn, undefined, span);
  } catch (error) {
    recordFailure(span, error);
    throw error;
  } finally {
    span.end();
  }
}

function startSpan(name: string, { kind, attributes, delivery }: SpanOptions, from: Context): Span {
  const follows = trace.getSpan(from);
  const ids = delivery ? { spanId: deliverySpanId(delivery.id, delivery.count), ...(follows ? {} : { traceId: deliveryTraceId(delivery.id) }) } : {};
  const options = { kind: KINDS[kind ?? 'internal'], attributes: { ...attributes, ...(isRedelivery(delivery) ? { [ATTRIBUTES.redelivered]: true } : {}) }, links: linksOf(delivery, follows) };
  if (follows && name !== FIRST_SPAN && !isTraced(follows)) return new LeftOutSpan({ name, options, ids, follows, from });
  const span = withIds(ids, () => trace.getTracer('trivet').startSpan(name, options, from));
  return name === FIRST_SPAN && !isTraced(span) ? new LeftOutSpan({ name, options, ids: span.spanContext(), follows: span, from }) : span;
}

const isTraced = (span: Span): boolean => (span.spanContext().traceFlags & TraceFlags.SAMPLED) !== 0;

const isRedelivery = (delivery: SpanOptions['delivery']): boolean => delivery !== undefined && delivery.count > 1;

function linksOf(delivery: SpanOptions['delivery'], follows: Span | undefined): Link[] {
  if (!delivery || !isRedelivery(delivery)) return [];
  const { traceId, traceFlags } = follows?.spanContext() ?? { traceId: deliveryTraceId(delivery.id), traceFlags: TraceFlags.SAMPLED };
  return [{ context: { traceId, traceFlags, spanId: deliverySpanId(delivery.id, 1) } }];
}

/**
 * Records the first span of a workflow that was left out, so that what was kept of it hangs together: all of that has this span as its
 * parent. Nothing is done for a workflow that is traced. Of the span itself only its beginning is known.
 *
 * @param traceparent of the workflow, as it was when it was accepted
 */
export function keepFirstSpan(traceparent: string, acceptedAtMs: number): void {
  const first = trace.getSpan(contextOfTraceparent(traceparent));
  if (!first || isTraced(first)) return;
  const from = context.active().setValue(MUST_BE_KEPT, true);
  const span = withIds(first.spanContext(), () => trace.getTracer('trivet').startSpan(FIRST_SPAN, { kind: KINDS.server, root: true, startTime: acceptedAtMs, attributes: { [ATTRIBUTES.leftOut]: true } }, from));
  span.end(acceptedAtMs);
}

/** Marks a span as failed: for a failure that is reported as a value and not thrown, too. */
export function recordFailure(span: Span, error: unknown): void {
  const message = redactText(error instanceof Error ? error.message : String(error));
  const code = error instanceof FailureError ? error.failure.code : undefined;
  span.setAttribute(ATTRIBUTES.errorType, code ?? (error instanceof Error ? error.name : 'unknown'));
  if (code) span.setAttribute(ATTRIBUTES.failureCode, code);
  span.recordException({ name: error instanceof Error ? error.name : 'Error', message });
  span.setStatus({ code: SpanStatusCode.ERROR, message });
}

/** The `traceparent` of the active span, or undefined outside of any. */
export const currentTraceparent = (): string | undefined => traceparentOf(context.active());

const KINDS = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

function parentContext(parent: string | Context | undefined): Context {
  if (parent === undefined) return context.active();
  return typeof parent === 'string' ? contextOfTraceparent(parent) : parent;
}
