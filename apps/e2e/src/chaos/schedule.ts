import type { Fault } from './faults/fault.js';
import { between, seeded, shuffled, type Random } from './random.js';

/** One fault in its time. Whom it hits is decided then, by `aim` in [0, 1): process ids are not known before. */
export interface PlannedFault {
  atMs: number;
  lastsMs: number;
  name: string;
  aim: number;
}

/** Between two faults of one track, in ms. */
const GAPS = { processes: [1_000, 4_000], surroundings: [800, 2_000] } as const;
/** The load gets under way first, and a fault never begins in the last moment. */
const FIRST_MS = 1_000;

/**
 * When which fault happens: a function of the seed, the time and the faults alone. There are two tracks side by side:
 * what happens to processes, one right after the other, and what happens around them. Each track deals its faults like
 * cards, so that all come before one comes again.
 */
export function scheduleFaults(options: { seed: number; seconds: number; faults: readonly Pick<Fault, 'name' | 'track' | 'lastsMs' | 'weight'>[] }): PlannedFault[] {
  const tracks = (['processes', 'surroundings'] as const).flatMap((track, index) => {
    const faults = options.faults.filter((fault) => fault.track === track);
    return faults.length === 0 ? [] : dealTrack(faults, GAPS[track], options.seconds * 1_000, seeded(options.seed * 2 + index));
  });
  return tracks.sort((left, right) => left.atMs - right.atMs);
}

function dealTrack(faults: readonly Pick<Fault, 'name' | 'lastsMs' | 'weight'>[], gap: readonly [number, number], endMs: number, random: Random): PlannedFault[] {
  const planned: PlannedFault[] = [];
  let cards: (typeof faults)[number][] = [];
  for (let atMs = FIRST_MS + between(random, gap); ; atMs += between(random, gap)) {
    if (cards.length === 0) cards = shuffled(faults.flatMap((fault) => Array.from({ length: fault.weight ?? 1 }, () => fault)), random);
    const fault = cards.pop();
    if (!fault) return planned;
    const lastsMs = between(random, fault.lastsMs);
    if (atMs + lastsMs > endMs) return planned;
    planned.push({ atMs, lastsMs, name: fault.name, aim: random() });
    atMs += lastsMs;
  }
}

/** The schedule as a few lines to read. */
export function formatSchedule(schedule: readonly PlannedFault[]): string[] {
  const parts = schedule.map(({ atMs, lastsMs, name }) => `${(atMs / 1_000).toFixed(1)} ${name}${lastsMs > 0 ? ` (${(lastsMs / 1_000).toFixed(1)} s)` : ''}`);
  const lines: string[] = [];
  for (let index = 0; index < parts.length; index += 8) lines.push(`  ${parts.slice(index, index + 8).join(' · ')}`);
  return lines;
}
