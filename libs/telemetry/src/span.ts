import { context, SpanKind, SpanStatusCode, trace, TraceFlags, type Attributes, type Context, type Link, type Span } from '@opentelemetry/api';
import { FailureError } from '@trivet/contracts';
import { ATTRIBUTES } from './attributes.js';
import { FIRST_SPAN } from './load-sampler.js';
import { contextOfTraceparent, traceparentOf } from './propagation.js';
import { redactText } from './redaction.js';

export interface SpanOptions {
  /** What kind of hop this is; default: internal. */
  kind?: 'internal' | 'server' | 'client' | 'producer' | 'consumer';
  attributes?: Attributes;
  /** The span this one continues: a `traceparent` header or a context; default: the one that is active. */
  parent?: string | Context;
  /** Spans this one has to do with but does not continue (an earlier delivery), as `traceparent` headers. */
  links?: readonly string[];
}

/**
 * Runs `fn` in a span of its own. What `fn` throws is recorded on the span, with its failure code as `error.type`, and
 * thrown on. The workflow of the active context stays in force also when `parent` is given.
 */
export async function withSpan<Result>(name: string, options: SpanOptions, fn: (span: Span) => Result | Promise<Result>): Promise<Result> {
  const kind = KINDS[options.kind ?? 'internal'];
  const links = (options.links ?? []).flatMap(linkOf);
  const parent = parentContext(options.parent);
  const follows = trace.getSpan(parent);
  if (follows && isLeftOut(follows, name)) return parent === context.active() ? fn(follows) : context.with(parent, fn, undefined, follows);
  return trace.getTracer('trivet').startActiveSpan(name, { kind, attributes: options.attributes, links }, parent, async (span) => {
    try {
      return await fn(span);
    } catch (error) {
      recordFailure(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Of a workflow that is not traced no span is made: its ids travel on, and the rest would only cost. */
const isLeftOut = (follows: Span, name: string): boolean => name !== FIRST_SPAN && (follows.spanContext().traceFlags & TraceFlags.SAMPLED) === 0;

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

function linkOf(traceparent: string): Link[] {
  const linked = trace.getSpanContext(contextOfTraceparent(traceparent));
  return linked ? [{ context: linked }] : [];
}
