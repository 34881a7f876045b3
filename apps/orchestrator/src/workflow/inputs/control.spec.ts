import type { Plan } from '@trivet/contracts';
import { drive, types } from '../drive-for-tests.js';

const CHAIN: Plan = { steps: [{ id: 'a', kind: 'tool', tool: 't' }, { id: 'b', kind: 'tool', tool: 't', dependsOn: ['a'], retry: { max: 2, initialMs: 100, codes: ['tool_failed'] } }, { id: 'c', kind: 'tool', tool: 't', dependsOn: ['b'] }] };
const failure = { code: 'tool_failed', message: 'no' } as const;

describe('a workflow that is paused', () => {
  it('keeps the results of what runs and begins nothing, until it is resumed', () => {
    const run = drive(CHAIN);
    run.tell({ type: 'pause', reason: 'wait a moment' });
    run.answer('a', 1);
    expect(run.status('b')).toBe('pending');
    run.tell({ type: 'resume' });
    expect(run.status('b')).toBe('scheduled');
  });

  it('is paused once and resumed once', () => {
    const run = drive(CHAIN);
    run.tell({ type: 'pause', reason: 'x' });
    expect(run.tell({ type: 'pause', reason: 'y' }).events).toEqual([]);
    run.tell({ type: 'resume' });
    expect(run.tell({ type: 'resume' }).events).toEqual([]);
  });

  it('begins an attempt whose time came meanwhile when it is resumed', () => {
    const run = drive(CHAIN);
    run.answer('a', 1);
    run.report('b', { failure });
    run.tell({ type: 'pause', reason: 'x' });
    run.wait(200);
    run.fire('retry-b');
    expect(run.status('b')).toBe('retrying');
    run.tell({ type: 'resume' });
    expect(run.last().effects).toContainEqual({ do: 'timer', timer: 'retry-b', delayMs: 0 });
    run.fire('retry-b');
    expect(run.status('b')).toBe('scheduled');
  });

  it('can be cancelled', () => {
    const run = drive(CHAIN);
    run.tell({ type: 'pause', reason: 'x' });
    run.tell({ type: 'cancel', reason: 'y' });
    expect(run.state().status).toBe('cancelled');
  });
});

describe('a workflow that is retried', () => {
  it('runs what failed again, with new attempts, and keeps every result', () => {
    const run = drive(CHAIN);
    run.answer('a', 'kept');
    for (let attempt = 0; attempt < 3; attempt += 1) {
      run.report('b', { failure });
      run.fire('retry-b');
    }
    expect(run.state().status).toBe('failed');
    run.tell({ type: 'retry', reason: 'mended' });
    expect(run.step('b')).toMatchObject({ status: 'scheduled', attempt: 4 });
    expect(run.step('a')).toMatchObject({ status: 'completed', output: 'kept' });
    // Its policy counts anew.
    run.report('b', { failure });
    expect(run.status('b')).toBe('retrying');
    run.fire('retry-b');
    run.answer('b', 1);
    run.answer('c', 2);
    expect(run.state()).toMatchObject({ status: 'completed', done: 3, calling: 0, waiting: 0 });
    expect(types(run.events).filter((type) => type.startsWith('workflow.'))).toEqual(['workflow.started', 'workflow.failed', 'workflow.retried', 'workflow.completed']);
    expect([...run.folded().steps.all()]).toEqual([...run.state().steps.all()]);
  });

  it('is so only when it failed or was cancelled, and once', () => {
    const run = drive(CHAIN);
    expect(run.tell({ type: 'retry', reason: 'x' }).events).toEqual([]);
    run.tell({ type: 'cancel', reason: 'x' });
    run.tell({ type: 'retry', reason: 'x' });
    expect(run.status('a')).toBe('scheduled');
    expect(run.tell({ type: 'retry', reason: 'x' }).events).toEqual([]);
  });

  it('leaves alone what was left over inside a step that has its result', () => {
    const run = drive({ steps: [{ id: 'any', kind: 'map', over: [0, 1], collect: 'any', step: { id: 'ask', kind: 'approval', input: { question: 'May I?' } } }, { id: 'b', kind: 'tool', tool: 't' }] });
    const item = run.step('any--0');
    run.tell({ type: 'decide', stepId: 'any--0', approvalId: item.status === 'open' && item.work.kind === 'approval' ? item.work.approvalId : '', actor: 'ann', decision: { decision: 'approve' } });
    expect([run.status('any'), run.status('any--1')]).toEqual(['completed', 'cancelled']);
    run.report('b', { failure });
    run.tell({ type: 'retry', reason: 'x' });
    expect(run.status('b')).toBe('scheduled');
    expect(run.status('any--1')).toBe('cancelled');
  });

  it('has its whole deadline again', () => {
    const run = drive(CHAIN, { deadlineMs: 5_000 });
    run.wait(5_000);
    run.fire('deadline');
    expect(run.state().status).toBe('failed');
    run.tell({ type: 'retry', reason: 'x' });
    expect(run.last().effects).toContainEqual({ do: 'timer', timer: 'deadline', delayMs: 5_000 });
    expect(run.fire('deadline').events).toEqual([]);
  });
});

describe('a step', () => {
  it('has no more time than its workflow has left', () => {
    const run = drive({ steps: [{ id: 'a', kind: 'tool', tool: 't', timeoutMs: 60_000 }] }, { deadlineMs: 5_000 });
    expect(run.effects).toContainEqual(expect.objectContaining({ do: 'schedule', timeoutMs: 5_000 }));
  });

  it('that may degrade is tried with smaller tiers, and then the workflow goes on without it', () => {
    const run = drive({ steps: [{ id: 'a', kind: 'model', onFailure: 'degrade', input: { tier: 'large', model: 'big', messages: [{ role: 'user', content: 'hi' }] } }, { id: 'b', kind: 'tool', tool: 't', dependsOn: ['a'] }] });
    for (const tier of ['medium', 'small']) {
      run.report('a', { failure: { code: 'model_unavailable', message: 'down' } });
      run.fire('retry-a');
      expect(run.step('a').input).toEqual({ tier, messages: [{ role: 'user', content: 'hi' }] });
    }
    run.report('a', { failure: { code: 'model_unavailable', message: 'down' } });
    expect(run.step('a').status).toBe('failed');
    expect(run.status('b')).toBe('scheduled');
  });

  it('that a plan gives too many at once begins over several transitions', () => {
    const steps = Array.from({ length: 1_200 }, (_, index) => ({ id: `s${index}`, kind: 'tool' as const, tool: 't' }));
    const run = drive({ steps });
    expect(run.last().events.length).toBeLessThan(600);
    expect(run.effects).toContainEqual({ do: 'timer', timer: 'continue', delayMs: 0 });
    run.fire('continue');
    run.fire('continue');
    expect(run.state().calling).toBe(1_200);
  });
});
