import { vector as orama } from '@orama/orama/trees';
import type { MemoryHead } from '@trivet/state';

/** Which entries are meant: all whose provenance says this. */
export interface MemoryFilter {
  workflowId?: string | undefined;
  tool?: string | undefined;
  user?: string | undefined;
  session?: string | undefined;
}

export interface Found {
  head: MemoryHead;
  /** The cosine of the angle to the query: 1 is the same direction. */
  score: number;
}

export interface MemoryQuery {
  vector: Float32Array;
  model: string;
  limit: number;
  /** Absent: everything, however far. */
  minScore?: number | undefined;
  filter?: MemoryFilter | undefined;
}

/** The vectors of one collection. It compares a query with every one of them: exact at any size. */
export interface CollectionIndex {
  put: (head: MemoryHead, vector: Float32Array) => void;
  remove: (id: string) => void;
  get: (id: string) => MemoryHead | undefined;
  heads: () => IterableIterator<MemoryHead>;
  /** Entries whose vectors cannot be compared with one of this model and length. */
  foreign: (query: Pick<MemoryQuery, 'model' | 'vector' | 'filter'>) => MemoryHead[];
  /** The nearest that have not expired, best first; those that are as near by their id. In slices, so that no other work waits long. */
  search: (query: MemoryQuery) => Promise<Found[]>;
  size: () => number;
  /** About how much memory it takes. */
  bytes: () => number;
}

interface Place {
  number: number;
  space: string;
  head: MemoryHead;
  bytes: number;
}

/** Vectors that are looked through at once: a few milliseconds. */
const BLOCK = 4_096;
/** Head, keys and maps of an entry beside its vector. */
const ENTRY_BYTES = 900;

export function createCollectionIndex(now: () => number = Date.now): CollectionIndex {
  const places = new Map<string, Place>();
  const byNumber = new Map<number, Place>();
  const free: number[] = [];
  /** Of each model and length of vectors its blocks. */
  const spaces = new Map<string, Map<number, orama.VectorIndex>>();
  let bytes = 0;

  function take(id: string): number | null {
    const place = places.get(id);
    if (!place) return null;
    places.delete(id);
    byNumber.delete(place.number);
    bytes -= place.bytes;
    spaces.get(place.space)?.get(blockOf(place.number))?.remove(place.number);
    return place.number;
  }

  const isAlive = (head: MemoryHead): boolean => head.expiresAtMs === null || head.expiresAtMs > now();
  const isMeant = (head: MemoryHead | undefined, filter: MemoryFilter | undefined): head is MemoryHead => head !== undefined && isAlive(head) && matches(head, filter);

  function meantIn(block: number, filter: MemoryFilter): Set<number> {
    const numbers = Array.from({ length: BLOCK }, (_, index) => block * BLOCK + index);
    return new Set(numbers.filter((number) => isMeant(byNumber.get(number)?.head, filter)));
  }

  return {
    put: (head, vector) => {
      const number = take(head.id) ?? free.pop() ?? places.size;
      const place = { number, space: spaceOf(head.model, vector), head, bytes: vector.byteLength + ENTRY_BYTES };
      getOrMake(getOrMake(spaces, place.space, () => new Map()), blockOf(number), () => new orama.VectorIndex(vector.length)).add(number, vector);
      places.set(head.id, place);
      byNumber.set(number, place);
      bytes += place.bytes;
    },
    remove: (id) => {
      const number = take(id);
      if (number !== null) free.push(number);
    },
    get: (id) => places.get(id)?.head,
    heads: function* () {
      for (const { head } of places.values()) if (isAlive(head)) yield head;
    },
    foreign: ({ model, vector, filter }) => [...places.values()].filter(({ space, head }) => space !== spaceOf(model, vector) && isMeant(head, filter)).map(({ head }) => head),
    search: async ({ vector, model, limit, minScore = -Infinity, filter }) => {
      let best: Found[] = [];
      for (const [number, block] of spaces.get(spaceOf(model, vector)) ?? []) {
        const least = best.length < limit ? minScore : Math.max(minScore, best.at(-1)?.score ?? -Infinity);
        const found = block.find(vector, least, filter && Object.keys(filter).length > 0 ? meantIn(number, filter) : undefined).flatMap(([at, score]): Found[] => {
          const head = byNumber.get(at)?.head;
          return isMeant(head, filter) ? [{ head, score }] : [];
        });
        best = [...best, ...found].sort(byScore).slice(0, limit);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return best;
    },
    size: () => places.size,
    bytes: () => bytes,
  };
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = map.get(key) ?? make();
  map.set(key, value);
  return value;
}

const blockOf = (number: number): number => Math.floor(number / BLOCK);
const spaceOf = (model: string, vector: Float32Array): string => `${model} ${vector.length}`;
const byScore = (left: Found, right: Found): number => right.score - left.score || (left.head.id < right.head.id ? -1 : 1);

export function matches({ source }: MemoryHead, { workflowId, tool, user, session }: MemoryFilter = {}): boolean {
  return (workflowId ?? source.workflowId) === source.workflowId && (tool ?? source.tool) === source.tool && (user ?? source.user) === source.user && (session ?? source.session) === source.session;
}
