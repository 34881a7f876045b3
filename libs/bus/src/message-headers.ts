import { context, createContextKey, propagation, type Context } from '@opentelemetry/api';
import type { MsgHdrs } from '@nats-io/transport-node';
import { HEADERS } from '@trivet/contracts';

/** Where the current workflow lives in the telemetry context; the same key as in libs/telemetry, by its description. */
const WORKFLOW_KEY = createContextKey('trivet.workflow');

export interface WorkflowContext {
  tenant: string;
  workflowId: string;
}

export interface OutgoingHeaders {
  workflowId?: string;
  messageId?: string;
  headers?: Record<string, string>;
}

/**
 * Headers of an outgoing message as the text that goes out: the trace of the current context, and the workflow it belongs to. An
 * own object for each header of each message would cost more than the message.
 */
export function headerBlock(options: OutgoingHeaders): string {
  const fields: Record<string, string> = Object.create(null);
  propagation.inject(context.active(), fields, { set: (carrier, key, value) => void (carrier[key] = value) });
  if (options.workflowId) fields[HEADERS.workflowId] = options.workflowId;
  if (options.messageId) fields[HEADERS.messageId] = options.messageId;
  for (const key in options.headers) fields[key] = options.headers[key] ?? '';
  let text = '';
  for (const key in fields) text += `${key}: ${headerValue(fields[key] ?? '')}\r\n`;
  return text === '' ? '' : `NATS/1.0\r\n${text}\r\n`;
}

/** A context that continues the sender's trace and carries the workflow. */
export function incomingContext(headers: MsgHdrs | undefined, workflow?: WorkflowContext): Context {
  const parent = propagation.extract(context.active(), headers, {
    get: (carrier, key) => readHeader(carrier, key),
    keys: (carrier) => carrier?.keys() ?? [],
  });
  return workflow ? parent.setValue(WORKFLOW_KEY, workflow) : parent;
}

/** NATS keeps the case of header names; senders do not agree on it, so we compare without. */
export function readHeader(headers: MsgHdrs | undefined, name: string): string | undefined {
  if (!headers) return undefined;
  const exact = headers.get(name);
  if (exact) return exact;
  const wanted = name.toLowerCase();
  for (const key of headers.keys()) if (key.toLowerCase() === wanted) return headers.get(key) || undefined;
  return undefined;
}

/** A header value is one line of printable text. */
export const headerValue = (text: string): string => (NOT_ONE_LINE.test(text) || text.length > MOST_HEADER ? text.replace(/[\r\n\t]+/g, ' ').slice(0, MOST_HEADER) : text);

const NOT_ONE_LINE = /[\r\n\t]/;
const MOST_HEADER = 1_000;
