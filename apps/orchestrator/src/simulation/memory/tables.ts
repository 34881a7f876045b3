/** The kinds of value Redis has, as far as the scripts use them. An empty one is not there, as in Redis. */
export interface Tables {
  nowMs: () => number;
  hash: (key: string, field: string) => string | undefined;
  hashOf: (key: string) => ReadonlyMap<string, string> | undefined;
  setHash: (key: string, fields: Readonly<Record<string, string | number>>) => void;
  dropFields: (key: string, ...fields: string[]) => void;
  push: (key: string, value: string, end: 'first' | 'last') => number;
  pop: (key: string) => string | undefined;
  list: (key: string) => readonly string[];
  dropFromList: (key: string, value: string) => void;
  add: (key: string, member: string) => void;
  remove: (key: string, member: string) => void;
  members: (key: string) => readonly string[];
  /** A sorted set by score, then by member. */
  score: (key: string, member: string) => number | undefined;
  setScore: (key: string, member: string, score: number, only?: 'known') => void;
  dropScore: (key: string, member: string) => void;
  upTo: (key: string, score: number, most: number) => string[];
  sorted: (key: string) => readonly (readonly [string, number])[];
  text: (key: string) => string | undefined;
  setText: (key: string, value: string, forMs: number) => void;
  drop: (key: string) => void;
  /** Every key with its value, for a comparison. */
  dump: () => Map<string, unknown>;
}

/** @param nowMs the clock of the store */
export function createTables(nowMs: () => number): Tables {
  const hashes = new Map<string, Map<string, string>>();
  const lists = new Map<string, string[]>();
  const sets = new Map<string, Set<string>>();
  const scores = new Map<string, Map<string, number>>();
  const texts = new Map<string, { value: string; until: number }>();
  const text = (key: string): string | undefined => {
    const entry = texts.get(key);
    return entry && entry.until > nowMs() ? entry.value : undefined;
  };
  const scored = scoresOf(scores);
  return {
    nowMs,
    ...hashesOf(hashes),
    ...listsOf(lists),
    ...scored,
    add: (key, member) => void sets.set(key, (sets.get(key) ?? new Set<string>()).add(member)),
    remove: (key, member) => dropIn(sets, key, member),
    members: (key) => [...(sets.get(key) ?? [])],
    text,
    setText: (key, value, forMs) => void texts.set(key, { value, until: nowMs() + forMs }),
    drop: (key) => [hashes, lists, sets, scores, texts].forEach((table) => table.delete(key)),
    dump: () => {
      const all = new Map<string, unknown>();
      for (const [key, hash] of hashes) all.set(key, Object.fromEntries([...hash].sort()));
      for (const [key, list] of lists) all.set(key, [...list]);
      for (const [key, set] of sets) all.set(key, [...set].sort());
      for (const key of scores.keys()) all.set(key, Object.fromEntries(scored.sorted(key)));
      for (const key of texts.keys()) if (text(key) !== undefined) all.set(key, text(key));
      return all;
    },
  };
}

function dropIn<Value extends { delete: (name: string) => boolean; size: number }>(table: Map<string, Value>, key: string, name: string): void {
  const value = table.get(key);
  if (value?.delete(name) && value.size === 0) table.delete(key);
}

const hashesOf = (hashes: Map<string, Map<string, string>>): Pick<Tables, 'hash' | 'hashOf' | 'setHash' | 'dropFields'> => ({
  hash: (key, field) => hashes.get(key)?.get(field),
  hashOf: (key) => hashes.get(key),
  setHash: (key, fields) => {
    const hash = hashes.get(key) ?? new Map<string, string>();
    hashes.set(key, hash);
    for (const field in fields) hash.set(field, String(fields[field]));
  },
  dropFields: (key, ...fields) => fields.forEach((field) => dropIn(hashes, key, field)),
});

const listsOf = (lists: Map<string, string[]>): Pick<Tables, 'push' | 'pop' | 'list' | 'dropFromList'> => ({
  push: (key, value, end) => {
    const list = lists.get(key) ?? [];
    lists.set(key, list);
    return end === 'last' ? list.push(value) : list.unshift(value);
  },
  pop: (key) => {
    const list = lists.get(key);
    const value = list?.shift();
    if (list?.length === 0) lists.delete(key);
    return value;
  },
  list: (key) => lists.get(key) ?? [],
  dropFromList: (key, value) => {
    const list = lists.get(key);
    const at = list?.indexOf(value) ?? -1;
    if (!list || at < 0) return;
    list.splice(at, 1);
    if (list.length === 0) lists.delete(key);
  },
});

function scoresOf(scores: Map<string, Map<string, number>>): Pick<Tables, 'score' | 'setScore' | 'dropScore' | 'upTo' | 'sorted'> {
  const sorted = (key: string): (readonly [string, number])[] => [...(scores.get(key) ?? [])].sort((left, right) => left[1] - right[1] || (left[0] < right[0] ? -1 : 1));
  return {
    score: (key, member) => scores.get(key)?.get(member),
    setScore: (key, member, score, only) => {
      const set = scores.get(key);
      if (only === 'known' && !set?.has(member)) return;
      scores.set(key, (set ?? new Map<string, number>()).set(member, score));
    },
    dropScore: (key, member) => dropIn(scores, key, member),
    upTo: (key, score, most) => (scores.has(key) ? sorted(key).filter(([, each]) => each <= score).slice(0, most).map(([member]) => member) : []),
    sorted,
  };
}
