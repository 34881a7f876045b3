export interface Hit {
  title: string;
  ref: string;
  snippet: string;
  score: number;
}

/** How little a place near the top counts for more than one further down: Cormack, Clarke and Büttcher, 2009. */
const SMOOTHING = 60;

/** Reciprocal rank fusion: scores of different kinds cannot be compared, places can. The snippet is that of the first ranking that has one. */
export function mergeRankings(rankings: readonly (readonly Hit[])[], limit: number): Hit[] {
  const merged = new Map<string, Hit>();
  for (const ranking of rankings) {
    for (const [place, hit] of ranking.entries()) {
      const known = merged.get(hit.ref);
      merged.set(hit.ref, { ...hit, ...known, score: (known?.score ?? 0) + 1 / (SMOOTHING + place + 1) });
    }
  }
  return [...merged.values()].sort((left, right) => right.score - left.score).slice(0, limit).map((hit) => ({ ...hit, score: Math.round(hit.score * 1e6) / 1e6 }));
}
