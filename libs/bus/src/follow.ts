import { DeliverPolicy, jetstream } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import type { StreamName } from '@trivet/contracts';
import type { StoredMessage } from './stored.js';

export interface FollowOptions {
  /** Only messages on these subjects; no two may cover one another. */
  subjects: string[];
  afterSeq: number;
  signal: AbortSignal;
  /** The next message comes when this has resolved. */
  onMessage: (message: Pick<StoredMessage, 'subject' | 'seq' | 'data'>) => Promise<void> | void;
}

/** So many messages wait here at most for a reader that is slow; the broker keeps the rest. */
const AHEAD = 32;
/** The broker forgets a reader that died after this long. */
const FORGOTTEN_MS = 60_000;

/**
 * Hands over what a stream holds after a sequence and then what comes, each once and in order, also when the connection is lost in between;
 * resolves when stopped. The consumer behind it is the broker's lightest: without acknowledgements, in memory, gone with its reader.
 */
export async function followStream(nats: NatsConnection, stream: StreamName, { subjects, afterSeq, signal, onMessage }: FollowOptions): Promise<void> {
  const ordered = await jetstream(nats).consumers.get(stream, { filter_subjects: subjects, deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: afterSeq + 1, inactive_threshold: FORGOTTEN_MS });
  const messages = await ordered.consume({ max_messages: AHEAD });
  const stop = (): void => void messages.close();
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    for await (const { subject, seq, data } of messages) {
      if (signal.aborted) break;
      await onMessage({ subject, seq, data });
    }
  } finally {
    signal.removeEventListener('abort', stop);
    await messages.close();
    await ordered.delete().catch(() => false);
  }
}
