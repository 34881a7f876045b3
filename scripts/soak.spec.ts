import { judgeGrowth } from '../bench/soak/judge-growth.mjs';

interface Sample { atMs: number; value: number }
interface Verdict { perHour: number; barPerHour: number; grows: boolean; fromMs: number }

const MINUTES = 30;
const COUNT = 120;
/** The bar of the memory of a process. */
const LEAST_PER_HOUR = 6;
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 1);

/** Numbers between 0 and 1 that are the same at each run (mulberry32). */
function randomOf(seed: number): () => number {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const normal = (random: () => number): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A series over so many minutes, from what is true at a share of the time and what the noise adds. */
function series(seed: number, noise: number, truth: (share: number, index: number) => number, minutes = MINUTES): Sample[] {
  const random = randomOf(seed);
  return Array.from({ length: COUNT }, (_, index) => ({ atMs: (index * minutes * 60_000) / (COUNT - 1), value: truth(index / (COUNT - 1), index) + noise * normal(random) }));
}

function judge(samples: readonly Sample[]): Verdict {
  const verdict: Verdict | null = judgeGrowth(samples, { leastPerHour: LEAST_PER_HOUR });
  if (!verdict) throw new Error('there is no verdict');
  return verdict;
}
const growing = (of: (seed: number) => Sample[]): number[] => SEEDS.filter((seed) => judge(of(seed)).grows);
const hours = (share: number, minutes = MINUTES): number => (share * minutes) / 60;

describe('the verdict of a soak', () => {
  describe('over what does not grow', () => {
    it.each([0, 0.5, 3, 12])('calls a flat series with a noise of %d flat', (noise) => {
      expect(growing((seed) => series(seed, noise, () => 160))).toEqual([]);
    });

    it.each([0.4, 0.5, 0.6, 0.7, 0.8, 0.95])('calls one step flat, after %d of the time', (at) => {
      expect(growing((seed) => series(seed, 1, (share) => (share < at ? 152 : 178)))).toEqual([]);
    });

    it('does not care for what happens while it warms up', () => {
      expect(growing((seed) => series(seed, 1, (share) => 100 + 80 * Math.min(1, share * 3)))).toEqual([]);
    });

    it.each([3, 8, 17, 31])('calls a saw-tooth of the garbage collector flat, of %d samples', (period) => {
      expect(growing((seed) => series(seed, 1, (_, index) => 150 + (30 * ((index + seed) % period)) / period))).toEqual([]);
    });

    it('calls a walk that goes nowhere flat', () => {
      const walk = (seed: number): Sample[] => {
        const random = randomOf(seed);
        let value = 160;
        return series(seed, 0, () => (value = 160 + 0.9 * (value - 160) + normal(random)));
      };
      expect(growing(walk)).toEqual([]);
    });

    it('calls what shrinks flat', () => {
      expect(growing((seed) => series(seed, 1, (share) => 180 - 40 * share))).toEqual([]);
    });
  });

  describe('over a leak', () => {
    it.each([[8, 0.2], [12, 1], [24, 3]])('finds %d MiB an hour under a noise of %d', (perHour, noise) => {
      expect(growing((seed) => series(seed, noise, (share) => 160 + perHour * hours(share)))).toEqual(SEEDS);
    });

    it('finds it beside one step', () => {
      expect(growing((seed) => series(seed, 1, (share) => 150 + 20 * hours(share) + (share < 0.6 ? 0 : 26)))).toEqual(SEEDS);
    });

    it('finds it below a saw-tooth', () => {
      expect(growing((seed) => series(seed, 0.5, (share, index) => 150 + 40 * hours(share) + (6 * (index % 5)) / 5))).toEqual(SEEDS);
    });

    it('finds one that goes by steps', () => {
      expect(growing((seed) => series(seed, 0.5, (share) => 150 + 5 * Math.floor(share * 12)))).toEqual(SEEDS);
    });

    it('says how fast it grows', () => {
      expect(judge(series(1, 0.5, (share) => 160 + 30 * hours(share))).perHour).toBeCloseTo(30, -0.5);
    });
  });

  it('has a higher bar for a short run, so that it says what it could not have seen', () => {
    const [short, long] = [5, MINUTES].map((minutes) => judge(series(1, 2, () => 160, minutes)));
    expect(short?.barPerHour).toBeGreaterThan(3 * (long?.barPerHour ?? Infinity));
    expect(long?.barPerHour).toBeGreaterThanOrEqual(LEAST_PER_HOUR);
  });

  it('judges nothing before there are samples enough, and the warm-up is over', () => {
    expect(judgeGrowth(series(1, 1, () => 1).slice(0, 5), { leastPerHour: 1 })).toBeNull();
    const growing = series(1, 0.1, (share) => 100 + 50 * share, 9);
    expect(judgeGrowth(growing, { leastPerHour: 6, warmUpMs: 10 * 60_000 })).toBeNull();
    expect(judgeGrowth(growing, { leastPerHour: 6, warmUpMs: 5 * 60_000 })).toMatchObject({ grows: true, fromMs: expect.closeTo(5 * 60_000, -4) });
  });

  it('takes a share of the mean for the bar, where that is asked for', () => {
    expect(judgeGrowth(series(1, 0, () => 400), { leastShare: 0.25 })).toMatchObject({ barPerHour: 100, grows: false });
  });
});
