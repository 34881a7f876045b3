import { partitionOfRef, type WorkflowRef } from './keys.js';
import type { Redis, Script } from './redis.js';

export interface Gathering<Item, Result> {
  /** Items of one group may go together. */
  groupOf: (item: Item) => number;
  /** @returns a result for each item, in their order; a rejection is that of all of them */
  run: (items: readonly Item[]) => Promise<readonly Result[]>;
}

/** So many go together at most: Redis does nothing else meanwhile. */
const MOST_TOGETHER = 64;
/** How long items wait for others at most, while earlier ones are under way. */
const WAIT_MS = 1;

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result) => void;
  reject: (error: unknown) => void;
}

/**
 * Makes one question of many: items that come together go together, and while some are under way the next ones wait for their
 * answer, or for a millisecond. One that comes alone loses no time.
 */
export function gather<Item, Result>({ groupOf, run }: Gathering<Item, Result>): (item: Item) => Promise<Result> {
  let waiting: Waiting<Item, Result>[] = [];
  let underWay = 0;
  let timer: NodeJS.Timeout | undefined;
  let isAsked = false;

  function send(): void {
    clearTimeout(timer);
    timer = undefined;
    isAsked = false;
    const all = waiting;
    waiting = [];
    for (const group of groupBy(all, ({ item }) => groupOf(item)).values()) for (let from = 0; from < group.length; from += MOST_TOGETHER) void ask(group.slice(from, from + MOST_TOGETHER));
  }

  async function ask(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    underWay += 1;
    try {
      const results = await run(batch.map(({ item }) => item));
      batch.forEach(({ resolve, reject }, index) => {
        const result = results[index];
        if (result === undefined) reject(new Error(`There are ${results.length} results for ${batch.length} items`));
        else resolve(result);
      });
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      underWay -= 1;
      if (underWay === 0 && waiting.length > 0) send();
    }
  }

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      if (underWay > 0) timer ??= setTimeout(send, WAIT_MS);
      else if (!isAsked) {
        isAsked = true;
        // What came in together gets here together, some promises later: this one waits for the rest of them.
        queueMicrotask(() => queueMicrotask(send));
      }
    });
}

export function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

/** Which keys may be in one script: on one Redis all of them, on a cluster those of one partition. */
export const slotOf = (redis: Redis, ref: WorkflowRef): number => (redis.isCluster ? partitionOfRef(ref) : 0);

/** Runs a script that answers an array with an answer for each of its items. */
export async function runMany(script: Script, redis: Redis, keyNames: readonly string[], args: readonly (string | number)[]): Promise<readonly unknown[]> {
  const replies = await script.run(redis, keyNames, args);
  return Array.isArray(replies) ? replies : [];
}
