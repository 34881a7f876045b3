import { createInbox } from '@nats-io/transport-node';
import type { NatsConnection } from '@nats-io/transport-node';
import { FailureError, STREAMS, type StreamEntry } from '@trivet/contracts';
import { openConnection, type BusOptions } from './connection.js';

/** What a stream was as it was saved; the broker's own words, which it takes back. */
export interface SavedStream {
  config: object;
  state: { messages: number; first_seq: number; last_seq: number };
}

/** Streams as a whole, with their sequences, times and consumers: the broker's own snapshots, over the bus. */
export interface StreamSnapshots {
  /** The streams of ours that lie on disk, by name. */
  names: readonly string[];
  /** Those of ours that there are, with how many messages. */
  present: () => Promise<{ name: string; messages: number }[]>;
  /** Hands over a stream as it is now, in parts; each when the one before is kept. */
  save: (name: string, keep: (part: Uint8Array) => Promise<void>) => Promise<SavedStream>;
  /** Makes a stream that there is not, from the parts of a snapshot. */
  restore: (name: string, saved: SavedStream, parts: AsyncIterable<Uint8Array>) => Promise<void>;
  close: () => Promise<void>;
}

const PART_BYTES = 128 * 1024;
/** The broker checks a whole stream before its first part, and builds it after the last. */
const TIMEOUT_MS = 120_000;

/** @param options.url of a user who may use the whole JetStream API */
export async function openSnapshots(options: BusOptions): Promise<StreamSnapshots> {
  const { nats, close } = await openConnection(options);
  const names = Object.entries<StreamEntry>(STREAMS).flatMap(([name, { storage }]) => (storage === 'file' ? [name] : []));
  return {
    names,
    close,
    present: async () => {
      const found: { name: string; messages: number }[] = [];
      for (const name of Object.keys(STREAMS)) {
        const { state } = await ask<{ state?: { messages: number } }>(nats, `STREAM.INFO.${name}`, {}, [404]);
        if (state) found.push({ name, messages: state.messages });
      }
      return found;
    },
    save: (name, keep) => save(nats, name, keep),
    restore: (name, saved, parts) => restore(nats, name, saved, parts),
  };
}

async function save(nats: NatsConnection, name: string, keep: (part: Uint8Array) => Promise<void>): Promise<SavedStream> {
  const inbox = createInbox();
  const parts = nats.subscribe(inbox);
  const saved = await ask<SavedStream>(nats, `STREAM.SNAPSHOT.${name}`, { deliver_subject: inbox, chunk_size: PART_BYTES, jsck: true });
  for await (const part of parts) {
    // The last one is empty; when the broker gave up, it says why in the status of its headers.
    if (part.data.length === 0) {
      parts.unsubscribe();
      if (part.headers && part.headers.code >= 400) throw new FailureError('unavailable', `NATS stopped the snapshot of ${name}: ${part.headers.description}.`);
      return saved;
    }
    await keep(part.data);
    part.respond();
  }
  throw new FailureError('unavailable', `The connection to NATS ended before the snapshot of ${name} was whole.`);
}

async function restore(nats: NatsConnection, name: string, { config, state }: SavedStream, parts: AsyncIterable<Uint8Array>): Promise<void> {
  const { deliver_subject: subject } = await ask<{ deliver_subject: string }>(nats, `STREAM.RESTORE.${name}`, { config, state });
  for await (const bytes of parts) {
    for (let at = 0; at < bytes.length; at += PART_BYTES) requireNoError(name, await nats.request(subject, bytes.subarray(at, at + PART_BYTES), { timeout: TIMEOUT_MS }));
  }
  requireNoError(name, await nats.request(subject, new Uint8Array(), { timeout: TIMEOUT_MS }));
}

function requireNoError(name: string, { data }: { data: Uint8Array }): void {
  const text = new TextDecoder().decode(data);
  const { error }: { error?: { description?: string } } = text === '' ? {} : JSON.parse(text);
  if (error) throw new FailureError('unavailable', `NATS did not take the stream ${name} back: ${error.description ?? 'it does not say why'}.`);
}

async function ask<Answer>(nats: NatsConnection, subject: string, body: object, allowed: readonly number[] = []): Promise<Answer> {
  const answer: Answer & { error?: { code: number; description?: string } } = (await nats.request(`$JS.API.${subject}`, JSON.stringify(body), { timeout: TIMEOUT_MS })).json();
  const { error } = answer;
  if (error && !allowed.includes(error.code)) throw new FailureError('unavailable', `NATS refused ${subject}: ${error.description ?? `code ${error.code}`}.`);
  return answer;
}
