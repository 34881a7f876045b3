import { readLayout } from './shape-options.js';

describe('the options of a shape', () => {
  it('are one process for each tier unless another shape is asked for', () => {
    expect(readLayout({})).toEqual({ shape: 'split', replicas: { orchestrator: 1, executor: 1, model: 1 } });
    expect(readLayout({ shape: 'one' }).shape).toBe('one');
    expect(readLayout({ shape: 'scaled', executors: '4' })).toEqual({ shape: 'scaled', replicas: { orchestrator: 2, executor: 4, model: 2 } });
  });

  it('refuse a number that does not fit, and one that the shape does not take', () => {
    expect(() => readLayout({ shape: 'scaled', models: '0' })).toThrow("--models must be a whole number from 1 to 64, not '0'");
    expect(() => readLayout({ shape: 'one', executors: '4' })).toThrow('--executors 4 goes with --shape scaled; the shape is one');
  });
});
