import type { Worker } from '@trivet/contracts';
import { describeShape, shapeOf } from './shape.js';

const worker = (service: Worker['service'], pid: number, host = 'here'): Worker => ({ service, pid, host, id: `${service}-${host}-${pid}`, version: '1', startedAt: '', inFlight: 0, slots: 1, draining: false });

describe('the shape of the workers that are up', () => {
  it('is one where all tiers have the same process', () => {
    expect(describeShape([worker('orchestrator', 7), worker('executor', 7), worker('model', 7)])).toBe('one: 1 orchestrator, 1 executor, 1 model in one process');
  });

  it('is split where each has its own, also where each is process 1 of its container', () => {
    expect(describeShape([worker('orchestrator', 1, 'a'), worker('executor', 1, 'b'), worker('model', 1, 'c')])).toBe('split: 1 orchestrator, 1 executor, 1 model in 3 processes');
    expect(shapeOf([worker('orchestrator', 1)])).toBe('split');
  });

  it('is scaled where a tier has several', () => {
    expect(describeShape([worker('orchestrator', 1), worker('executor', 2), worker('executor', 3)])).toBe('scaled: 1 orchestrator, 2 executors, 0 models in 3 processes');
  });

  it('is not guessed where nobody is up', () => {
    expect(shapeOf([])).toBeUndefined();
    expect(describeShape([])).toBe('no worker is up');
  });
});
