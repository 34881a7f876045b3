import { bears, processesOf } from './layout.js';

const namesOf = (...given: Parameters<typeof processesOf>): string[] => processesOf(...given).map(({ name }) => name);
const replicas = { orchestrator: 2, executor: 3, model: 1 };

describe('the processes of a layout', () => {
  it('are one for all tiers, one for each, or as many as were asked for', () => {
    expect(namesOf({ shape: 'one', replicas })).toEqual(['one']);
    expect(namesOf({ shape: 'split', replicas })).toEqual(['orchestrator', 'executor', 'model']);
    expect(namesOf({ shape: 'scaled', replicas })).toEqual(['orchestrator-1', 'orchestrator-2', 'executor-1', 'executor-2', 'executor-3', 'model-1']);
  });

  it('bear their tier, and the one for all bears each', () => {
    expect(bears({ role: 'executor' }, 'executor')).toBe(true);
    expect(bears({ role: 'executor' }, 'model')).toBe(false);
    expect(bears({ role: 'one' }, 'model')).toBe(true);
  });
});
