import { context, isSpanContextValid, propagation, trace, type Context, type Span, type TextMapGetter } from '@opentelemetry/api';
import { HEADERS, isIdentifier } from '@trivet/contracts';
import { currentWorkflow } from './workflow-context.js';

/** The headers that carry the active trace and workflow on to another service: traceparent, tracestate, X-Workflow-ID. */
export function injectHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  propagation.inject(context.active(), headers);
  const workflow = currentWorkflow();
  if (workflow) headers[HEADERS.workflowId] = workflow.workflowId;
  return headers;
}

/** What came in with some headers: the context to continue the trace in, and the workflow id they claim. */
export interface ExtractedContext {
  context: Context;
  /** Absent unless it has the form of an id. Whether the sender may name this workflow is for the caller to decide. */
  workflowId?: string;
}

/** @param header gives the value of a header by its name; HTTP and bus headers differ in how they are asked. */
export function extractContext(header: (name: string) => string | undefined): ExtractedContext {
  const workflowId = header(HEADERS.workflowId);
  const getter: TextMapGetter<typeof header> = { keys: () => [HEADERS.traceparent, HEADERS.tracestate], get: (read, name) => read(name) };
  return {
    context: propagation.extract(trace.deleteSpan(context.active()), header, getter),
    ...(isIdentifier(workflowId) ? { workflowId } : {}),
  };
}

/** A context whose next span continues `traceparent`; a header that is not valid starts a new trace. */
export const contextOfTraceparent = (traceparent: string): Context =>
  propagation.extract(trace.deleteSpan(context.active()), { [HEADERS.traceparent]: traceparent });

/** The W3C `traceparent` of a span, or of the span in a context; undefined when there is none. */
export function traceparentOf(of: Span | Context): string | undefined {
  const found = 'spanContext' in of ? of.spanContext() : trace.getSpanContext(of);
  if (!found || !isSpanContextValid(found)) return undefined;
  return `00-${found.traceId}-${found.spanId}-${found.traceFlags.toString(16).padStart(2, '0')}`;
}

/** The trace id inside a `traceparent`, or undefined when the header is not valid. */
export function traceIdOf(traceparent: string): string | undefined {
  const traceId = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}/.exec(traceparent)?.[1];
  return traceId === '0'.repeat(32) ? undefined : traceId;
}
