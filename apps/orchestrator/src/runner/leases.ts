import { PARTITIONS, type JournalState } from '@trivet/state';

/** A lease lasts for almost three of these. */
const EVERY_MS = 700;
/** A partition that nobody has had for so long is taken by anybody: whose share it is does not come for it. */
const FREE_FOR_MS = 3_000;
/** It is kept for so long, and then left for them once more. */
const KEPT_MS = 15_000;

/** Whose partitions are whose: each orchestrator has its share of them, and takes their events to the journal. */
export interface Leases {
  isOurs: (partition: number) => boolean;
  ours: () => number[];
  /** Who has a partition, as far as is known. */
  ownerOf: (partition: number) => string | null;
  /** Call it often: extends our leases, takes those of our share, and gives back those that became another's. */
  tick: () => void;
  settle: () => Promise<void>;
  giveUp: () => Promise<void>;
}

export interface LeaseParts {
  journal: Pick<JournalState, 'lease' | 'ownerOf' | 'giveUp'>;
  owner: string;
  peers: () => readonly string[];
  /** Whether events of a partition are on their way from here: it is not given back before they are there. */
  isAtWork: (partition: number) => boolean;
  onError: (error: unknown) => void;
}

export function createLeases({ journal, owner, peers, isAtWork, onError }: LeaseParts): Leases {
  const ours = new Set<number>();
  /** To be given back when nothing of them is on its way. */
  const leaving = new Set<number>();
  const owners = new Map<number, string | null>();
  const freeSince = new Map<number, number>();
  const keptUntil = new Map<number, number>();
  let lastLook = -Infinity;
  let looking: Promise<unknown> | null = null;

  function learn(partition: number, who: string | null): void {
    owners.set(partition, who);
    if (who === owner) ours.add(partition);
    else ours.delete(partition);
    if (who !== null) freeSince.delete(partition);
    else if (!freeSince.has(partition)) freeSince.set(partition, performance.now());
  }

  const isFreeForLong = (partition: number): boolean => performance.now() - (freeSince.get(partition) ?? Infinity) > FREE_FOR_MS;

  async function look(partition: number, isShare: boolean): Promise<void> {
    if (isShare) {
      leaving.delete(partition);
      return learn(partition, await journal.lease(partition, owner));
    }
    if (ours.delete(partition)) leaving.add(partition);
    if (leaving.has(partition)) return leave(partition);
    if (!isFreeForLong(partition)) return learn(partition, await journal.ownerOf(partition));
    keptUntil.set(partition, performance.now() + KEPT_MS);
    learn(partition, await journal.lease(partition, owner));
  }

  /** Until then nobody else takes events of it to the journal, so that they stay in order. */
  async function leave(partition: number): Promise<void> {
    if (isAtWork(partition) && (await journal.lease(partition, owner)) === owner) return;
    await journal.giveUp(partition, owner);
    leaving.delete(partition);
    owners.set(partition, null);
  }

  async function lookAtAll(): Promise<void> {
    const all = [...new Set([...peers(), owner])].toSorted();
    await Promise.all(PARTITIONS.map((partition) => look(partition, all[partition % all.length] === owner || (keptUntil.get(partition) ?? 0) > performance.now())));
  }

  return {
    isOurs: (partition) => ours.has(partition),
    ours: () => [...ours],
    ownerOf: (partition) => owners.get(partition) ?? null,
    tick: () => {
      if (looking || performance.now() - lastLook < EVERY_MS) return;
      lastLook = performance.now();
      looking = lookAtAll()
        .catch((error: unknown) => {
          ours.clear();
          onError(error);
        })
        .finally(() => (looking = null));
    },
    settle: async () => void (await looking),
    giveUp: async () => void (await Promise.all([...ours, ...leaving].map((partition) => journal.giveUp(partition, owner)))),
  };
}
