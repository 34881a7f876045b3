import type { MemoryRef, MemoryStore } from '@trivet/state';
import { createCollectionIndex, type CollectionIndex } from './collection-index.js';

export interface MemoryIndexes {
  /** The index of a collection as it is in Redis now. */
  current: (ref: MemoryRef) => Promise<CollectionIndex>;
  /** About how much memory all of them take. */
  bytes: () => number;
}

interface Kept {
  index: CollectionIndex;
  epoch: string;
  /** Up to which change it knows all. */
  seq: number;
  /** Who asks at the same time waits: an index is brought up to date by one at a time. */
  last: Promise<void>;
}

/** Entries that are read and put in at once: a few milliseconds, then others have their turn. */
const PAGE = 256;

/**
 * Indexes of collections in this process, each made when it is first asked for. Before each use it is asked of Redis what changed since, so that it
 * shows what other processes wrote. Those that were not used for longest go when all take more memory than they may; one that takes more by itself is made
 * for each use.
 */
export function createMemoryIndexes(store: Pick<MemoryStore, 'position' | 'changedAfter' | 'goneAfter'>, options: { mostBytes: number; now?: () => number }): MemoryIndexes {
  const kept = new Map<string, Kept>();
  const bytes = (): number => [...kept.values()].reduce((sum, { index }) => sum + index.bytes(), 0);
  const empty = (): Kept => ({ index: createCollectionIndex(options.now), epoch: '', seq: 0, last: Promise.resolve() });

  async function update(ref: MemoryRef, each: Kept): Promise<void> {
    const position = await store.position(ref);
    if (!position || position.epoch !== each.epoch || each.seq < position.floor || each.seq > position.seq) {
      const { index, epoch, seq } = empty();
      Object.assign(each, { index, epoch, seq });
    }
    if (!position || position.seq === each.seq) return;
    // First what went: what was written again since then follows.
    if (each.seq > 0) for (const id of await store.goneAfter(ref, each.seq)) each.index.remove(id);
    for (let after: number | null = each.seq; after !== null; ) {
      const { entries, lastSeq } = await store.changedAfter(ref, after, PAGE);
      for (const { head, vector } of entries) each.index.put(head, vector);
      after = lastSeq;
    }
    // What changed while this was read is read again the next time.
    Object.assign(each, { epoch: position.epoch, seq: position.seq });
  }

  return {
    bytes,
    current: async (ref) => {
      const name = `${ref.tenant}/${ref.collection}`;
      const each = kept.get(name) ?? empty();
      kept.delete(name);
      kept.set(name, each);
      const updated = each.last.then(() => update(ref, each));
      each.last = updated.catch(() => undefined);
      await updated;
      const { index } = each;
      for (const [oldest] of kept) {
        if (bytes() <= options.mostBytes) break;
        kept.delete(oldest);
      }
      return index;
    },
  };
}
