import { FAULTS } from './faults/table.js';
import { scheduleFaults } from './schedule.js';

const of = (seed: number, seconds = 60) => scheduleFaults({ seed, seconds, faults: FAULTS });

describe('the schedule of faults', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(of(7)).toEqual(of(7));
    expect(of(7)).not.toEqual(of(8));
  });

  it('has each fault within a minute, whatever the seed', () => {
    for (let seed = 1; seed <= 50; seed += 1) expect([...new Set(of(seed).map(({ name }) => name))].sort()).toEqual(FAULTS.map(({ name }) => name).sort());
  });

  it('ends in time, and has one thing at a time around the processes', () => {
    const around = new Set(FAULTS.filter(({ track }) => track === 'surroundings').map(({ name }) => name));
    for (let seed = 1; seed <= 50; seed += 1) {
      const schedule = of(seed, 20);
      expect(Math.max(...schedule.map(({ atMs, lastsMs }) => atMs + lastsMs))).toBeLessThanOrEqual(20_000);
      const surroundings = schedule.filter(({ name }) => around.has(name));
      surroundings.forEach((fault, index) => expect(fault.atMs).toBeGreaterThan((surroundings[index - 1]?.atMs ?? 0) + (surroundings[index - 1]?.lastsMs ?? 0)));
    }
  });

  it('knows only the faults it is given', () => {
    const kills = FAULTS.filter(({ name }) => name === 'kill');
    expect(new Set(scheduleFaults({ seed: 1, seconds: 60, faults: kills }).map(({ name }) => name))).toEqual(new Set(['kill']));
  });
});
