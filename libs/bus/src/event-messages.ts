import { HEADERS, type EventType } from '@trivet/contracts';
import { headerBlock } from './message-headers.js';
import type { OutgoingMessage } from './publisher.js';
import { subjects } from './subjects.js';

/** An event as it stands in the history of its workflow. */
export interface JournalEvent {
  seq: number;
  type: EventType;
  /** ISO 8601 */
  at: string;
  /** The whole event as JSON. */
  text: string;
}

/**
 * Events of one workflow as messages of the journal: valid CloudEvents, in the trace that is active. A message id of workflow and
 * seq makes a repeat harmless. All values are ids or our own, so they are written as they are; an event is the message there is
 * most of.
 */
export function eventMessages(tenant: string, workflowId: string, events: readonly JournalEvent[]): OutgoingMessage[] {
  const common = headerBlock({ workflowId, headers: { 'ce-specversion': '1.0', 'ce-source': `/trivet/${tenant}`, 'ce-subject': workflowId, 'ce-datacontenttype': 'application/json' } }).slice(0, -LINE_END.length);
  const subject = subjects.eventsOf(tenant, workflowId).slice(0, -1);
  return events.map(({ seq, type, at, text }) => ({
    subject: subject + type,
    payload: text,
    headers: `${common}${HEADERS.messageId}: ${eventMessageId(tenant, workflowId, seq)}${LINE_END}ce-type: trivet.${type}${LINE_END}ce-id: ${workflowId}.${seq}${LINE_END}ce-time: ${at}${LINE_END}${LINE_END}`,
  }));
}

/** By which the broker knows an event; the same for every attempt to store it. */
export const eventMessageId = (tenant: string, workflowId: string, seq: number): string => `${tenant}:${workflowId}:e${seq}`;

const LINE_END = '\r\n';
