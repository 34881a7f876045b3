import { CLOUD_EVENT_PREFIX, FailureError, HEADERS, MOST_TASK_BYTES, parseJsonText } from '@trivet/contracts';

/** What a publisher sent, whichever of the three ways it was written. */
export interface Submitted {
  /** The task as it was sent, not yet checked. */
  body: unknown;
  /** ce-id, of either mode. */
  eventId: string | undefined;
}

export interface IncomingMessage {
  data: Uint8Array;
  header: (name: string) => string | undefined;
}

/**
 * Reads plain JSON, a CloudEvents 1.0 message in binary mode (`ce-*` headers, the body is the data), or in structured
 * mode (Content-Type application/cloudevents+json, or a body that looks like one although the header is missing).
 * @throws FailureError invalid_request when the body is not JSON, payload_too_large when it is over the limit
 */
export function readSubmitted(message: IncomingMessage): Submitted {
  if (message.data.byteLength > MOST_TASK_BYTES) {
    throw new FailureError('payload_too_large', `The message has ${message.data.byteLength} bytes; a task may have ${MOST_TASK_BYTES}.`, { detail: { bytes: message.data.byteLength, limit: MOST_TASK_BYTES } });
  }
  const body = parseJsonText(new TextDecoder().decode(message.data), 'the message');
  const contentType = message.header(HEADERS.contentType)?.toLowerCase() ?? '';
  const binaryId = message.header(`${CLOUD_EVENT_PREFIX}id`);
  const isBinary = message.header(`${CLOUD_EVENT_PREFIX}specversion`) !== undefined;
  if (contentType.startsWith('application/cloudevents') || (!isBinary && looksStructured(body))) return readStructured(body);
  return { body, eventId: isBinary || binaryId !== undefined ? decodeHeader(binaryId) : undefined };
}

function readStructured(body: unknown): Submitted {
  const event = isRecord(body) ? body : {};
  const id = typeof event['id'] === 'string' ? event['id'] : undefined;
  const data64 = event['data_base64'];
  if (typeof data64 === 'string') return { body: parseJsonText(Buffer.from(data64, 'base64').toString('utf8'), 'data_base64 of the event'), eventId: id };
  const { data } = event;
  return { body: typeof data === 'string' ? parseJsonText(data, 'data of the event') : data, eventId: id };
}

const looksStructured = (body: unknown): boolean => isRecord(body) && typeof body['specversion'] === 'string' && typeof body['type'] === 'string' && !('goal' in body);

const isRecord = (value: unknown): value is Record<string, unknown> => value !== null && typeof value === 'object' && !Array.isArray(value);

/** Header values of CloudEvents are percent-encoded; one that is not, is taken as it stands. */
function decodeHeader(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}
