import type { Plan, PlanStep } from '@trivet/contracts';
import { drive } from '../drive-for-tests.js';

const mapOver = (over: unknown, rest: Partial<PlanStep> = {}, inner: Partial<PlanStep> = {}): Plan => ({
  steps: [
    { id: 'fan', kind: 'map', over: over as PlanStep['over'], step: { id: 'one', kind: 'tool', tool: 't', input: { value: { $: 'item' } }, ...inner }, ...rest },
    { id: 'after', kind: 'tool', tool: 't', input: { all: { $: 'steps.fan.output' } } },
  ],
});
const failure = { code: 'tool_failed', message: 'no' } as const;

describe('a map step', () => {
  it('does the same with each item, at most so many at once, and gives the outputs in the order of the items', () => {
    const run = drive(mapOver([10, 20, 30], { parallel: 2 }));
    expect(['fan--0', 'fan--1'].map(run.status)).toEqual(['scheduled', 'scheduled']);
    expect(run.step('fan--1').input).toEqual({ value: 20 });
    run.answer('fan--1', 'second');
    expect(run.status('fan--2')).toBe('scheduled');
    run.answer('fan--2', 'third');
    run.answer('fan--0', 'first');
    expect(run.step('fan')).toMatchObject({ status: 'completed', output: ['first', 'second', 'third'] });
    expect(run.step('after').input).toEqual({ all: ['first', 'second', 'third'] });
    expect(run.state()).toMatchObject({ done: 1, calling: 1 });
  });

  it('is the fold of its events', () => {
    const run = drive(mapOver([1, 2]));
    run.answer('fan--0', 1);
    expect([...run.folded().steps.all()]).toEqual([...run.state().steps.all()]);
  });

  it('over an empty list has an empty list', () => {
    const run = drive(mapOver([]));
    expect(run.step('fan')).toMatchObject({ status: 'completed', output: [] });
  });

  it('fails when over is not a list', () => {
    expect(drive(mapOver({ $: 'input' }, {}, {}), ).state()).toMatchObject({ status: 'failed', failure: { code: 'expression_invalid', message: expect.stringContaining('over must give a list') } });
  });

  it('fails with the first failure of an item and stops the others', () => {
    const run = drive(mapOver([1, 2]));
    run.report('fan--0', { failure });
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'tool_failed' } });
    expect(run.status('fan--1')).toBe('cancelled');
  });

  it('goes on without the items that fail when its step says continue', () => {
    const run = drive(mapOver([1, 2], {}, { onFailure: 'continue' }));
    run.report('fan--0', { failure });
    run.answer('fan--1', 'two');
    expect(run.step('fan')).toMatchObject({ status: 'completed', output: [null, 'two'] });
  });

  it('skips the items its condition excludes', () => {
    const run = drive(mapOver([1, 2, 3], {}, { when: 'item > `1`' }));
    expect(['fan--0', 'fan--1', 'fan--2'].map(run.status)).toEqual(['skipped', 'scheduled', 'scheduled']);
  });

  it('tries an item again as its policy says', () => {
    const run = drive(mapOver([1], {}, { retry: { max: 1, initialMs: 10, codes: ['tool_failed'] } }));
    run.report('fan--0', { failure });
    expect(run.status('fan--0')).toBe('retrying');
    run.fire('retry-fan--0');
    run.answer('fan--0', 'at last');
    expect(run.step('fan')).toMatchObject({ status: 'completed', output: ['at last'] });
  });

  describe('that collects any', () => {
    it('has enough with the first that completes, and stops the others', () => {
      const run = drive(mapOver([1, 2, 3], { collect: 'any' }));
      run.report('fan--2', { failure });
      run.answer('fan--1', 'won');
      expect(run.step('fan')).toMatchObject({ status: 'completed', output: ['won'] });
      expect(run.status('fan--0')).toBe('cancelled');
      expect(run.last().effects).toContainEqual(expect.objectContaining({ do: 'stop' }));
    });

    it('fails when none completes', () => {
      const run = drive(mapOver([1], { collect: 'any' }));
      run.report('fan--0', { failure });
      expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'map_incomplete' } });
    });
  });

  describe('that collects at least two within a second', () => {
    const plan = mapOver([1, 2, 3], { collect: { atLeast: 2, withinMs: 1_000 } });

    it('is done with the second', () => {
      const run = drive(plan);
      run.answer('fan--2', 'c');
      run.answer('fan--0', 'a');
      expect(run.step('fan')).toMatchObject({ status: 'completed', output: ['a', 'c'] });
    });

    it('fails when the time passes with only one', () => {
      const run = drive(plan);
      run.answer('fan--2', 'c');
      expect(run.effects).toContainEqual({ do: 'timer', timer: 'collect-fan', delayMs: 1_000 });
      run.fire('collect-fan');
      expect(run.state()).toMatchObject({ status: 'failed', failure: { message: 'Of the 3 items of step fan, 1 completed; it needs at least 2.' } });
    });

    it('fails as soon as two can no longer complete', () => {
      const run = drive(plan);
      run.report('fan--0', { failure });
      run.report('fan--1', { failure });
      expect(run.state().status).toBe('failed');
    });
  });

  it('keeps a long list by reference and begins the items one after the other', () => {
    const run = drive(mapOver({ $: 'input' }, { parallel: 1 }), { input: Array.from({ length: 500 }, (_, index) => `item ${index}`) });
    expect(run.step('fan')).toMatchObject({ status: 'open', work: { itemsRef: expect.anything(), total: 500 } });
    for (let index = 0; index < 500; index += 1) run.answer(`fan--${index}`, index);
    expect(run.step('fan')).toMatchObject({ status: 'completed' });
    expect(run.step('fan--499').input).toEqual({ value: 'item 499' });
  });

  it('may stand inside another', () => {
    const inner: PlanStep = { id: 'inner', kind: 'map', over: { $: 'item' }, step: { id: 'leaf', kind: 'tool', tool: 't', input: { $: 'item' } } };
    const run = drive({ steps: [{ id: 'outer', kind: 'map', over: [[1, 2], [3]], step: inner }] });
    expect(run.step('outer--0--1').input).toBe(2);
    for (const id of ['outer--0--0', 'outer--0--1', 'outer--1--0']) run.answer(id, id);
    expect(run.state()).toMatchObject({ status: 'completed', result: { outer: [['outer--0--0', 'outer--0--1'], ['outer--1--0']] } });
  });

  it('goes on after a retry with the items it has', () => {
    const run = drive(mapOver([1, 2]));
    run.answer('fan--0', 'kept');
    run.report('fan--1', { failure });
    expect(run.state().status).toBe('failed');
    run.tell({ type: 'retry', reason: 'again' });
    expect(run.state().status).toBe('running');
    expect(['fan--0', 'fan--1'].map(run.status)).toEqual(['completed', 'scheduled']);
    run.answer('fan--1', 'new');
    expect(run.step('fan')).toMatchObject({ status: 'completed', output: ['kept', 'new'] });
    expect([...run.folded().steps.all()]).toEqual([...run.state().steps.all()]);
  });
});
