import type { Bus } from '@trivet/bus';
import type { JournalState, RecoveryState, WorkflowRef } from '@trivet/state';
import type { Logger } from '@trivet/telemetry';
import type { Continuity } from './continuity.js';
import { eraseAgain, erasureIn, type Erasure, type ErasureParts, type JournaledErasure } from './erasures.js';
import type { Facts } from './facts.js';
import { FACTS_WORKFLOW, isMoreThanAudit } from './facts.js';
import { refill } from './refill.js';
import { restoreWorkflow, type RestoreParts } from './restore-workflow.js';

const LOOK_EVERY_MS = 1_000;
const CHECKPOINT_EVERY_MS = 5_000;
const LEASE_MS = 10_000;
const RETRY_MS = 250;
const BATCH = 2_000;
const AT_ONCE = 16;
const MOST_EVENTS = 1_000_000;

/**
 * Sees to it that Redis holds all that the journal holds before anything is done with it. A commit is in Redis, and
 * fsynced, before its events are in the journal; so where the journal knows more, Redis has lost data: it was emptied, cut
 * short or put back to an older copy. Then all partitions are frozen, the workflows that are behind are restored from
 * their events, and the partitions are opened again. And where the journal has lost what it had, it is filled again.
 */
export interface Recovery {
  /** Resolves when Redis, as it runs now, may be used. */
  ensure: () => Promise<void>;
  /** The same before a script on a server that was started anew; lets the restoring itself pass, while all is frozen. */
  gate: () => Promise<void>;
  stop: () => Promise<void>;
}

export interface RecoveryParts extends RestoreParts, ErasureParts {
  state: RecoveryState;
  bus: Bus;
  facts: Facts;
  continuity: Pick<Continuity, 'look'>;
  journal: JournalState;
  owner: string;
  logger: Logger;
}

export function createRecovery(parts: RecoveryParts): Recovery {
  const { state, bus, logger } = parts;
  let ensuring: Promise<void> | null = null;
  let stopped = false;
  let isRestoring = false;
  let lastCheckpoint = 0;

  async function ensureOnce(): Promise<void> {
    for (;;) {
      const runId = await state.runId();
      if (await state.isOpen(runId)) return;
      if (await state.lease(parts.owner, LEASE_MS)) {
        const keep = setInterval(() => void state.lease(parts.owner, LEASE_MS).catch(() => undefined), LEASE_MS / 4);
        try {
          await state.freeze();
          isRestoring = true;
          return await reconcile(parts, runId);
        } catch (error) {
          logger.warn({ err: error }, 'Redis could not be compared with the journal; it is tried again');
        } finally {
          isRestoring = false;
          clearInterval(keep);
          await state.giveUp(parts.owner).catch(() => undefined);
        }
      }
      if (stopped) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }

  const ensure = (): Promise<void> => (ensuring ??= ensureOnce().finally(() => (ensuring = null)));

  async function look(): Promise<void> {
    await ensure();
    if (performance.now() - lastCheckpoint < CHECKPOINT_EVERY_MS) return;
    lastCheckpoint = performance.now();
    await parts.continuity.look();
    const runId = await state.runId();
    const isOpen = await state.isOpen(runId);
    // In this order: another orchestrator may move it on meanwhile, to what the stream then holds.
    const known = await state.checkpoint();
    const stream = await bus.streamState('EVENTS');
    // Whoever opened it left one. A Redis that is not open, or has none, was started anew or emptied since: it is compared before anything is said of it.
    if (!isOpen || !known) return void (lastCheckpoint = -CHECKPOINT_EVERY_MS);
    const isWhole = isContinued(known, stream) || (await refillShorter(parts, known, stream));
    // A relay may have marked what it knew of the old stream while this went on: it is looked at again, until nothing is missing.
    if (isWhole) await state.setCheckpoint({ stream: stream.incarnation, seq: stream.lastSeq }, { checkpoint: known, runId });
    else lastCheckpoint = -CHECKPOINT_EVERY_MS;
  }

  const timer = setInterval(() => void look().catch((error: unknown) => logger.debug({ err: error }, 'Redis is looked at again')), LOOK_EVERY_MS);

  return {
    ensure,
    gate: () => (isRestoring ? Promise.resolve() : ensure()),
    stop: async () => {
      stopped = true;
      clearInterval(timer);
      await ensuring?.catch(() => undefined);
    },
  };
}

async function reconcile(parts: RecoveryParts, runId: string): Promise<void> {
  const { state, bus, logger } = parts;
  await bus.ensureStreams();
  await parts.continuity.look();
  const stream = await bus.streamState('EVENTS');
  const checkpoint = await state.checkpoint();
  const isSame = checkpoint !== null && isContinued(checkpoint, stream);
  const { behind, hasFacts } = await findBehind(parts, isSame ? checkpoint.seq : 0, stream.lastSeq);
  if (behind.length > 0) {
    logger.warn({ workflows: behind.length }, 'Redis has lost data: restoring workflows from the journal');
    await restoreAll(parts, behind);
    await parts.facts.restore();
    // A copy may be older than a limit, a policy or the end of a key without being older than any workflow.
  } else if (hasFacts || (checkpoint === null && stream.messages > 0)) await parts.facts.restore();
  const isWhole = isSame || checkpoint === null || (await refillShorter(parts, checkpoint, stream));
  if (isWhole) await state.setCheckpoint({ stream: stream.incarnation, seq: stream.lastSeq }, { checkpoint, runId });
  await state.open(runId);
}

function refillShorter(parts: RecoveryParts, known: Checkpoint, stream: { incarnation: string; lastSeq: number }): Promise<boolean> {
  parts.logger.warn({ known, incarnation: stream.incarnation, lastSeq: stream.lastSeq }, 'the journal is not the one that Redis knows, or ends before what Redis knows of it');
  return refill(parts);
}

interface Checkpoint {
  stream: string;
  seq: number;
}

/** Whether a stream still holds what it held at a checkpoint. */
const isContinued = (checkpoint: Checkpoint, now: { incarnation: string; lastSeq: number }): boolean => checkpoint.stream === now.incarnation && now.lastSeq >= checkpoint.seq;

interface Read {
  /** The last event of each workflow, but of those that were erased since. */
  journaled: ReadonlyMap<string, { ref: WorkflowRef; seq: number }>;
  erasures: readonly JournaledErasure[];
  hasFacts: boolean;
}

/** Workflows of which the journal holds more events than Redis, once what was erased is erased here too; and whether it holds facts of which Redis may know nothing; audit rows aside. */
async function findBehind(parts: RecoveryParts, after: number, upTo: number): Promise<{ behind: WorkflowRef[]; hasFacts: boolean }> {
  const { journaled, erasures, hasFacts } = await readJournal(parts.bus, after, upTo);
  await eraseAgain(parts, erasures);
  const all = [...journaled.values()];
  const behind: WorkflowRef[] = [];
  for (let start = 0; start < all.length; start += BATCH) {
    const slice = all.slice(start, start + BATCH);
    const lengths = await parts.state.lengths(slice.map((each) => each.ref));
    slice.forEach((each, index) => {
      const there = lengths[index];
      if (there === null || there === undefined || (there !== 'expired' && there.seq < each.seq)) behind.push(each.ref);
    });
  }
  return { behind, hasFacts };
}

async function readJournal(bus: Pick<Bus, 'read'>, after: number, upTo: number): Promise<Read> {
  let hasFacts = false;
  const erasures: JournaledErasure[] = [];
  const journaled = new Map<string, { ref: WorkflowRef; seq: number }>();
  for (let from = after; from < upTo; ) {
    const messages = await bus.read('EVENTS', { limit: BATCH, afterSeq: from });
    if (messages.length === 0) break;
    for (const { seq: at, subject, headers, data } of messages) {
      const [, , , tenant = '', workflowId = ''] = subject.split('.');
      const seq = Number((headers['ce-id'] ?? '').split('.').at(-1));
      hasFacts ||= workflowId === FACTS_WORKFLOW && isMoreThanAudit(data);
      const erasure = workflowId === FACTS_WORKFLOW ? erasureIn(data) : null;
      if (erasure) {
        erasures.push({ ...erasure, seq: at });
        forget(journaled, erasure);
      }
      if (workflowId === FACTS_WORKFLOW || subject.endsWith('.task.rejected') || !Number.isInteger(seq)) continue;
      const key = `${tenant}/${workflowId}`;
      const known = journaled.get(key);
      if (!known || known.seq < seq) journaled.set(key, { ref: { tenant, workflowId }, seq });
    }
    from = messages.at(-1)?.seq ?? upTo;
  }
  return { journaled, erasures, hasFacts };
}

/** What was erased is behind nothing any more. */
function forget(journaled: Map<string, { ref: WorkflowRef }>, { tenant, workflowId }: Erasure): void {
  if (workflowId !== undefined) journaled.delete(`${tenant}/${workflowId}`);
  else for (const [key, { ref }] of journaled) if (ref.tenant === tenant) journaled.delete(key);
}

async function restoreAll(parts: RecoveryParts, refs: readonly WorkflowRef[]): Promise<void> {
  let done = 0;
  const queue = [...refs];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      for (let ref = queue.pop(); ref; ref = queue.pop()) {
        const messages = await parts.bus.read('EVENTS', { subject: `trivet.v1.event.${ref.tenant}.${ref.workflowId}.>`, limit: MOST_EVENTS });
        const isWhole = await restoreWorkflow(parts, ref, messages.map((message) => new TextDecoder().decode(message.data)));
        if (!isWhole) parts.logger.error({ workflowId: ref.workflowId, tenant: ref.tenant }, 'the journal has not the whole history of this workflow; it could not be restored');
        done += 1;
        if (done % 1_000 === 0) parts.logger.info({ done, of: refs.length }, 'workflows restored');
      }
    }),
  );
  parts.logger.warn({ workflows: done }, 'workflows restored from the journal');
}
