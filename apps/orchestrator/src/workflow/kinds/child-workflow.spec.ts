import type { Plan } from '@trivet/contracts';
import { drive, type Drive } from '../drive-for-tests.js';

const plan: Plan = { steps: [{ id: 'sub', kind: 'workflow', input: { goal: 'do {{ goal }}', plan: { steps: [{ id: 'x', kind: 'tool', tool: 't', input: { $: 'input.n' } }] }, input: { n: { $: 'input.n' } } } }, { id: 'after', kind: 'tool', tool: 't', dependsOn: ['sub'] }] };

function childOf(run: Drive): string {
  const step = run.step('sub');
  return step.status === 'open' && step.work.kind === 'workflow' ? step.work.childId : '';
}

describe('a child workflow', () => {
  it('is begun by the runner, and looked after until it ends', () => {
    const run = drive(plan, { input: { n: 7 } });
    const childId = childOf(run);
    expect(run.effects).toEqual([{ do: 'spawn', stepId: 'sub', childId }, { do: 'timer', timer: 'child-sub', delayMs: 3_000 }]);
    expect(run.step('sub').input).toMatchObject({ goal: 'do the goal', input: { n: 7 }, plan: { steps: [{ input: { $: 'input.n' } }] } });
    expect(run.fire('child-sub').effects).toEqual(run.effects.slice(0, 2));
    run.tell({ type: 'child-ended', stepId: 'sub', childId, end: { status: 'completed', output: { x: 1 } } });
    expect(run.step('sub')).toMatchObject({ status: 'completed', output: { x: 1 } });
    expect(run.last().effects).toContainEqual({ do: 'clear-timer', timer: 'child-sub' });
    expect(run.status('after')).toBe('scheduled');
  });

  it('that fails, fails its step', () => {
    const run = drive(plan);
    run.tell({ type: 'child-ended', stepId: 'sub', childId: childOf(run), end: { status: 'failed', failure: { code: 'tool_failed', message: 'no' } } });
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'tool_failed' } });
  });

  it('is told to stop when its parent ends, and looked after until it has been told', () => {
    const run = drive(plan);
    const childId = childOf(run);
    run.tell({ type: 'cancel', reason: 'enough' });
    expect(run.last().effects).toEqual([{ do: 'tell-child', childId, what: 'cancel' }, { do: 'timer', timer: 'child-sub', delayMs: 1_000 }]);
    expect(run.step('sub')).toMatchObject({ status: 'cancelled', work: { childId } });
  });

  it('is another one when the step is tried again', () => {
    const run = drive(plan);
    const first = childOf(run);
    run.tell({ type: 'child-ended', stepId: 'sub', childId: first, end: { status: 'failed', failure: { code: 'tool_failed', message: 'no' } } });
    run.tell({ type: 'retry', reason: 'again' });
    expect(childOf(run)).not.toBe(first);
    expect(run.tell({ type: 'child-ended', stepId: 'sub', childId: first, end: { status: 'completed', output: 1 } }).events).toEqual([]);
  });

  it('does not stand too deep', () => {
    const ancestors = Array.from({ length: 7 }, (_, index) => `a${index}`);
    const run = drive(plan, {}, { parent: { workflowId: 'p', stepId: 's', ancestors } });
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'child_limit_exceeded' } });
  });

  describe('whose plan a step before it made', () => {
    const made = (input: object = {}): Plan => ({ steps: [{ id: 'make', kind: 'tool', tool: 't' }, { id: 'sub', kind: 'workflow', input: { goal: 'g', plan: { $: 'steps.make.output' }, ...input } }] });
    const inner = { steps: [{ id: 'x', kind: 'tool', tool: 't', input: { $: 'goal' } }] };

    it.each([['a value', inner], ['text', `Here: ${JSON.stringify(inner)}`]])('waits for that step and takes its plan as %s, expressions and all', (_, output) => {
      const run = drive(made());
      expect(run.status('sub')).toBe('pending');
      run.answer('make', output);
      expect(run.step('sub')).toMatchObject({ status: 'open', input: { goal: 'g', plan: inner } });
    });

    it('fails with plan_invalid when that is no plan, unless it is only checked', () => {
      const run = drive(made());
      run.answer('make', { steps: [] });
      expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'plan_invalid', message: expect.stringContaining('/plan/steps') } });
      const checked = drive(made({ dryRun: true }));
      checked.answer('make', 'no plan at all');
      expect(checked.step('sub')).toMatchObject({ status: 'open', input: { plan: 'no plan at all', dryRun: true } });
    });
  });
});
