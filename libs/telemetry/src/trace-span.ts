import { SpanStatusCode, type Attributes, type AttributeValue, type HrTime } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-node';
import type { TraceSpan } from '@trivet/contracts';
import { ATTRIBUTES } from './attributes.js';

/** A finished span in the form of the contract, as the trace view shows it. */
export function toTraceSpan(span: ReadableSpan, processName: string): TraceSpan {
  const { traceId, spanId } = span.spanContext();
  const failed = span.status.code === SpanStatusCode.ERROR;
  const service = span.attributes[ATTRIBUTES.service];
  return {
    traceId,
    spanId,
    parentSpanId: span.parentSpanContext?.spanId ?? null,
    name: span.name,
    service: typeof service === 'string' ? service : processName,
    startedAt: toMs(span.startTime),
    durationMs: toMs(span.duration),
    status: failed ? 'error' : 'ok',
    attributes: { ...plainAttributes(span.attributes), ...(failed && span.status.message ? { [ATTRIBUTES.errorMessage]: span.status.message } : {}) },
    ...(span.events.length > 0 ? { events: span.events.map(({ time, name, attributes }) => ({ at: toMs(time), name, attributes: plainAttributes(attributes ?? {}) })) } : {}),
    ...(span.links.length > 0 ? { links: span.links.map((link) => ({ traceId: link.context.traceId, spanId: link.context.spanId })) } : {}),
  };
}

function plainAttributes(attributes: Attributes): TraceSpan['attributes'] {
  const plain: TraceSpan['attributes'] = {};
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) plain[name] = plainValue(value);
  }
  return plain;
}

const plainValue = (value: AttributeValue): string | number | boolean => (typeof value === 'object' ? JSON.stringify(value) : value);

/** Seconds and nanoseconds to milliseconds with fractions. */
const toMs = ([seconds, nanoseconds]: HrTime): number => seconds * 1_000 + nanoseconds / 1e6;
