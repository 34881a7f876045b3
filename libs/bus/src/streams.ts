import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { jetstreamManager, AckPolicy, DiscardPolicy, JetStreamApiError, RetentionPolicy, StorageType, type JetStreamManager, type StreamConfig } from '@nats-io/jetstream';
import { nanos, NoRespondersError, TimeoutError, type NatsConnection } from '@nats-io/transport-node';
import { CONSUMERS, FailureError, STREAMS, type ConsumerEntry, type StreamEntry, type StreamName } from '@trivet/contracts';

/**
 * Creates every stream and durable consumer of the catalog; what exists is left as it is, or brought up to date.
 * Any number of processes may do it at once.
 *
 * @param wish.replicas on how many servers each stream is kept, its consumers with it; undefined: one for a new stream, and those that
 * exist keep the number they have; `journalMaxAgeMs`: for how long the journal keeps a message, in place of what the catalog says
 * @throws FailureError `unavailable` when the servers cannot keep so many, with what mends it
 */
export async function ensureStreams(nats: NatsConnection, { replicas, journalMaxAgeMs }: { replicas?: number; journalMaxAgeMs?: number } = {}): Promise<void> {
  const manager = await jetstreamManager(nats, { timeout: 5_000 });
  for (const [name, entry] of Object.entries<StreamEntry>(STREAMS)) await ensureStream(manager, name, name === 'EVENTS' && journalMaxAgeMs !== undefined ? { ...entry, maxAgeMs: journalMaxAgeMs } : entry, replicas);
  for (const entry of Object.values<ConsumerEntry & { durable: string }>(CONSUMERS)) await ensureConsumer(manager, entry);
}

/** For how long servers of a cluster may be without a leader before a process that starts gives up. */
const ELECTION_MS = 30_000;

/**
 * The same for a process that starts, perhaps in the moment in which servers of a cluster have lost one another: asked then, they say nothing, or that they
 * are not available, and it tries again for 30 s. `onWait` hears why, once.
 * @throws FailureError `unavailable` when the servers have not answered by then
 */
export async function ensureAtStart(ensure: () => Promise<void>, { onWait, withinMs = ELECTION_MS }: { onWait: (reason: FailureError) => void; withinMs?: number }): Promise<void> {
  const deadline = performance.now() + withinMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await ensure();
    } catch (error) {
      if (!isElecting(error)) throw error;
      if (performance.now() > deadline) throw unanswered(`have answered no question about streams for ${withinMs / 1_000} s`, error);
      if (attempt === 0) onWait(unanswered(`do not answer questions about streams yet; they are asked again for ${withinMs / 1_000} s`, error));
      await sleep(250);
    }
  }
}

function unanswered(what: string, error: unknown): FailureError {
  return new FailureError('unavailable', `The NATS servers ${what}: ${error instanceof Error ? error.message : String(error)}.`, {
    cause: error,
    hint: 'More than half of the servers of a cluster must be up and reach one another; `nats server report jetstream` says which do.',
  });
}

const SERVICE_UNAVAILABLE = 503;

function isElecting(error: unknown): boolean {
  return error instanceof TimeoutError || error instanceof NoRespondersError || (error instanceof JetStreamApiError && error.status === SERVICE_UNAVAILABLE);
}

/** A live process has to have the time to say that it still works, also when it is busy. */
const LEAST_ACK_WAIT_MS = 500;

/**
 * `incarnation`: another one under the same name means that what the stream held is gone. It is a name that the stream was given when it was made; of
 * one without, the time it was made, which servers of a cluster do not agree on: one that has caught up with the others says when that was.
 */
export async function streamState(nats: NatsConnection, stream: StreamName): Promise<{ incarnation: string; messages: number; firstSeq: number; lastSeq: number }> {
  const manager = await jetstreamManager(nats, { timeout: 3_000, checkAPI: false });
  const info = await manager.streams.info(stream);
  return { incarnation: info.config.metadata?.[INCARNATION] ?? info.created, messages: info.state.messages, firstSeq: info.state.first_seq, lastSeq: info.state.last_seq };
}

/** Up to which sequence a consumer has acknowledged everything. */
export async function consumerState(nats: NatsConnection, stream: StreamName, durable: string): Promise<{ ackFloor: number; pending: number; ackPending: number; redelivered: number }> {
  const manager = await jetstreamManager(nats, { timeout: 3_000, checkAPI: false });
  const info = await manager.consumers.info(stream, durable);
  return { ackFloor: info.ack_floor.stream_seq, pending: info.num_pending, ackPending: info.num_ack_pending, redelivered: info.num_redelivered };
}

async function ensureStream(manager: JetStreamManager, name: string, entry: StreamEntry, replicas: number | undefined): Promise<void> {
  const config = {
    name,
    description: entry.purpose,
    subjects: entry.subjects,
    retention: entry.retention === 'workqueue' ? RetentionPolicy.Workqueue : RetentionPolicy.Limits,
    storage: entry.storage === 'file' ? StorageType.File : StorageType.Memory,
    max_age: nanos(entry.maxAgeMs),
    duplicate_window: nanos(entry.duplicateWindowMs),
    discard: entry.retention === 'workqueue' ? DiscardPolicy.New : DiscardPolicy.Old,
    allow_direct: true,
    ...(replicas === undefined ? {} : { num_replicas: replicas }),
  };
  try {
    await manager.streams.add({ ...config, metadata: { [INCARNATION]: randomUUID() } });
  } catch (error) {
    if (!/already in use/i.test(String(error))) throw explain(error, name, replicas);
    await update(manager, name, config).catch((second: unknown) => Promise.reject(explain(second, name, replicas)));
  }
}

/** A stream keeps the name of its incarnation. One of before there were such names gets one when it goes to several servers. */
async function update(manager: JetStreamManager, name: string, config: Partial<StreamConfig>): Promise<void> {
  const { metadata = {}, num_replicas: before } = (await manager.streams.info(name)).config;
  const needsName = metadata[INCARNATION] === undefined && (config.num_replicas ?? before) > 1;
  await manager.streams.update(name, { ...config, ...(needsName ? { metadata: { [INCARNATION]: randomUUID() } } : {}) });
}

/** The key in the metadata of a stream. */
const INCARNATION = 'trivet-incarnation';

/** What the servers say when they are too few, in words that mend it. */
function explain(error: unknown, stream: string, replicas: number | undefined): unknown {
  if (!/replicas > 1 not supported|no suitable peers|insufficient resources/i.test(String(error))) return error;
  return new FailureError('unavailable', `The NATS servers cannot keep the stream ${stream} on ${replicas ?? 1} of them: ${error instanceof Error ? error.message : String(error)}.`, {
    cause: error,
    hint: `Name a cluster of at least ${replicas ?? 1} servers with JetStream in TRIVET_NATS_URL and wait until all are up, or lower TRIVET_NATS_REPLICAS.`,
  });
}

async function ensureConsumer(manager: JetStreamManager, entry: ConsumerEntry & { durable: string }): Promise<void> {
  if (entry.ackWaitMs < LEAST_ACK_WAIT_MS || entry.ackWaitMs > 60_000) throw new RangeError(`ackWaitMs of ${entry.durable} is ${entry.ackWaitMs}; it must be ${LEAST_ACK_WAIT_MS} to 60000`);
  const config = {
    durable_name: entry.durable,
    description: entry.purpose,
    filter_subject: entry.filter,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(entry.ackWaitMs),
    max_ack_pending: entry.maxAckPending,
    max_deliver: -1,
  };
  try {
    await manager.consumers.add(entry.stream, config);
  } catch (error) {
    // An earlier version made it otherwise.
    if (!/already exists/i.test(String(error))) throw error;
    await manager.consumers.update(entry.stream, entry.durable, config);
  }
}
