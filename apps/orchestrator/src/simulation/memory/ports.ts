import { keys, type Blobs, type CallQueue, type Claims, type JournalState, type WorkflowStore } from '@trivet/state';
import type { Process, Scheduler } from '../scheduler.js';
import type { MemoryLedger } from './ledger.js';

/** The ports of libs/state as one process has them: the same interfaces, over the ledger that all processes share. */
export interface Ports {
  store: WorkflowStore;
  queue: CallQueue;
  claims: Claims;
  journal: JournalState;
  blobs: Blobs;
}

const RELEASE_WITHIN_MS = 50;

export function createPorts(scheduler: Scheduler, ledger: MemoryLedger, process: Process): Ports {
  const ask = <Result>(label: string, run: () => Result): Promise<Result> => scheduler.call(process, label, run, { mayRepeat: true });
  return {
    store: {
      commit: (change) => ask('commit', () => ledger.commit(change)),
      load: (ref) => ask('load', () => ledger.load(ref)),
      loadSince: (ref, seq) => ask('load since', () => ledger.loadSince(ref, seq)),
      readEvents: (ref, after, limit) => ask('read events', () => ledger.readEvents(ref, after, limit)),
      list: () => Promise.resolve([]),
      loadHeads: () => Promise.resolve([]),
      loadVersions: () => Promise.resolve([]),
      countActive: () => Promise.resolve(0),
    },
    queue: queueOf(scheduler, ledger, ask),
    claims: claimsOf(ledger, ask),
    journal: {
      lease: (partition, owner) => Promise.resolve(ledger.lease(partition, owner)),
      ownerOf: (partition) => Promise.resolve(ledger.ownerOf(partition)),
      giveUp: (partition, owner) => ask('give up lease', () => ledger.giveUp(partition, owner)),
      // Looked at twenty times a second: an empty answer is not worth a step.
      waiting: (partition, most, olderThanMs) => (ledger.waiting(partition, most, olderThanMs).length === 0 ? Promise.resolve([]) : ask('waiting', () => ledger.waiting(partition, most, olderThanMs))),
      journaledUpTo: (ref) => ask('journaled up to', () => ledger.journaledUpTo(ref)),
      markJournaled: (partition, ref, upTo) => ask('mark journaled', () => ledger.markJournaled(partition, ref, upTo)),
    },
    blobs: {
      put: (bytes) => ask('put', () => ledger.put(bytes)),
      get: (reference) => ask('get', () => Buffer.from(JSON.stringify(ledger.loadValue(reference)))),
      store: (value) => ask('store', () => ledger.storeValue(value)),
      load: (reference) => ask('load value', () => ledger.loadValue(reference)),
    },
  };
}

type Ask = <Result>(label: string, run: () => Result) => Promise<Result>;

function queueOf({ nowMs }: Scheduler, ledger: MemoryLedger, ask: Ask): CallQueue {
  const nothingIsDue = (partition: number): boolean => ledger.tables.upTo(keys.due(partition), nowMs(), 1).length === 0;
  return {
    deal: (partition, tier, most, options) => ask('deal', () => ledger.deal(partition, tier, most, options)),
    confirm: (ref, callId, seq, incarnation) => ask('confirm', () => ledger.confirm(ref, callId, seq, incarnation)),
    sweep: (partition, most) => (nothingIsDue(partition) ? Promise.resolve([]) : ask('sweep', () => ledger.sweep(partition, most))),
    setAside: (ref, callId, tier, delayMs) => ask('set aside', () => ledger.setAside(ref, callId, tier, delayMs)),
    inspect: (ref, callId, tier, stream) => ask('inspect', () => ledger.inspect(ref, callId, tier, stream)),
    dropTimer: (ref, timer, hiddenUntil) => ask('drop timer', () => ledger.dropTimer(ref, timer, hiddenUntil)),
    depth: (tier) => Promise.resolve(ledger.depth(tier)),
    tierOf: (ref, callId) => ask('tier of', () => ledger.tierOf(ref, callId)),
  };
}

function claimsOf(ledger: MemoryLedger, ask: Ask): Claims {
  const release: Claims['release'] = (ref, callId, worker, epoch, to) => ask('release', () => ledger.release(ref, callId, worker, epoch, to));
  return {
    claim: (ref, callId, worker, options) => ask('claim', () => ledger.claim(ref, callId, worker, options)),
    release,
    releaseSoon: (...each) => void setTimeout(() => void release(...each).catch(() => undefined), RELEASE_WITHIN_MS),
    settled: () => Promise.resolve(),
    read: (ref, callId) => ask('read claim', () => ledger.readClaim(ref, callId)),
    heldBy: (worker) => ask('held by', () => ledger.heldBy(worker)),
  };
}
