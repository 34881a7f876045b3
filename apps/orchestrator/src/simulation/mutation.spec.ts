import { SAFEGUARDS, type Safeguard } from './memory/safeguards.js';
import { simulate } from './simulate.js';

/** Within so many seeds the lack of each must show. */
const MOST_SEEDS = 300;

/** What is broken first without it. */
const SYMPTOMS: Record<Safeguard, RegExp> = {
  version: /has event \d+ after event|hash chain|not the fold|counts|completed twice|has version/,
  opId: /sent once, was received 2 times/,
  dueEntry: /nobody will look after it|which is not set|did not end within/,
  fence: /while .+ held it|after its result was committed/,
  epoch: /was claimed under epoch \d+ twice/,
  guard: /was taken from/,
};

describe('the simulation', () => {
  it.each(SAFEGUARDS)('goes red without the safeguard %s', async (safeguard) => {
    for (let seed = 1; seed <= MOST_SEEDS; seed += 1) {
      const { violation } = await simulate({ seed, removed: { [safeguard]: true } });
      if (violation === null) continue;
      expect(violation).toMatch(SYMPTOMS[safeguard]);
      return;
    }
    throw new Error(`${MOST_SEEDS} seeds passed without the safeguard ${safeguard}: nothing would notice if it were gone`);
  }, 120_000);
});
