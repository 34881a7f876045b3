import { simulate } from './simulate.js';

const SEEDS = 2_000;
const A_TEST = 250;

describe('the engine, simulated', () => {
  for (let first = 1; first <= SEEDS; first += A_TEST) {
    it(`keeps every promise with the seeds ${first} to ${first + A_TEST - 1}`, async () => {
      const broken: string[] = [];
      const total = { workflows: 0, crashes: 0 };
      for (let seed = first; seed < first + A_TEST; seed += 1) {
        const { violation, workflows, crashes } = await simulate({ seed });
        total.workflows += workflows;
        total.crashes += crashes;
        if (violation !== null) broken.push(`npm run simulate -- --seed ${seed} --trace: ${violation}`);
      }
      expect(broken).toEqual([]);
      // It would prove nothing if nothing had happened.
      expect(total.workflows).toBeGreaterThan(A_TEST);
      expect(total.crashes).toBeGreaterThan(A_TEST);
    }, 300_000);
  }

  it('does with the same seed the same in every detail', async () => {
    const traceOf = async (seed: number): Promise<string[]> => {
      const lines: string[] = [];
      await simulate({ seed, onTrace: (line) => void lines.push(line) });
      return lines;
    };
    for (const seed of [7, 8, 9]) {
      const [one, other] = [await traceOf(seed), await traceOf(seed)];
      expect(one.length).toBeGreaterThan(100);
      expect(other).toEqual(one);
    }
    expect(await traceOf(10)).not.toEqual(await traceOf(11));
  });
});
