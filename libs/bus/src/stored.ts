import { jetstream, jetstreamManager, DeliverPolicy } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { HEADERS, type StreamName } from '@trivet/contracts';

export interface StoredMessage {
  subject: string;
  seq: number;
  time: string;
  data: Uint8Array;
  headers: Record<string, string>;
}

/** Reads what a stream holds, oldest first, through a consumer that vanishes with the call. */
export async function readStream(nats: NatsConnection, stream: StreamName, options: { subject?: string; limit: number; afterSeq?: number }): Promise<StoredMessage[]> {
  const manager = await jetstreamManager(nats, { timeout: 3_000, checkAPI: false });
  const info = await manager.streams.info(stream, options.subject ? { subjects_filter: options.subject } : {});
  if (info.state.messages === 0) return [];
  const counts = info.state.subjects;
  if (options.subject && (counts === undefined || Object.keys(counts).length === 0)) return [];
  const ordered = await jetstream(nats).consumers.get(stream, {
    ...(options.subject ? { filter_subjects: options.subject } : {}),
    ...(options.afterSeq === undefined ? { deliver_policy: DeliverPolicy.All } : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: options.afterSeq + 1 }),
  });
  const messages: StoredMessage[] = [];
  const batch = await ordered.fetch({ max_messages: options.limit, expires: 1_000 });
  for await (const message of batch) {
    const headers: Record<string, string> = {};
    for (const name of message.headers?.keys() ?? []) headers[name] = message.headers?.get(name) ?? '';
    messages.push({ subject: message.subject, seq: message.seq, time: message.time.toISOString(), data: message.data, headers });
    if (message.info.pending === 0 || messages.length >= options.limit) break;
  }
  await batch.close();
  return messages;
}

/** How many messages a stream holds on these subjects. */
export async function countOf(nats: NatsConnection, stream: StreamName, subject: string): Promise<number> {
  const manager = await jetstreamManager(nats, { timeout: 3_000, checkAPI: false });
  const { state } = await manager.streams.info(stream, { subjects_filter: subject });
  return Object.values(state.subjects ?? {}).reduce((total, count) => total + count, 0);
}

/**
 * The id of the message with this sequence; null: the stream has no such message. The leader is asked: another server of a
 * cluster may not have yet what the leader has acknowledged.
 */
export async function messageIdAt(nats: NatsConnection, stream: StreamName, seq: number): Promise<string | null> {
  const manager = await jetstreamManager(nats, { timeout: 3_000, checkAPI: false });
  const message = await manager.streams.getMessage(stream, { seq });
  return message?.header.get(HEADERS.messageId) ?? null;
}

/** @returns whether the stream had such a message */
export async function removeMessage(nats: NatsConnection, stream: StreamName, seq: number): Promise<boolean> {
  const manager = await jetstreamManager(nats, { timeout: 3_000, checkAPI: false });
  try {
    return await manager.streams.deleteMessage(stream, seq);
  } catch (error) {
    if (/not found|no message/i.test(String(error))) return false;
    throw error;
  }
}

/**
 * Takes the messages on a subject out of a stream; the sequences of the others stay.
 * @param belowSeq only those with a lower sequence
 * @returns how many there were
 */
export async function purgeSubject(nats: NatsConnection, stream: StreamName, { subject, belowSeq }: { subject: string; belowSeq?: number }): Promise<number> {
  const manager = await jetstreamManager(nats, { timeout: 10_000, checkAPI: false });
  const { purged } = await manager.streams.purge(stream, { filter: subject, ...(belowSeq === undefined ? {} : { seq: belowSeq }) });
  return purged;
}
