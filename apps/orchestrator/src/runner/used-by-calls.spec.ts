import type { CallRecord, ModelAttempt, WorkflowEvent } from '@trivet/contracts';
import { usedByCalls } from './used-by-calls.js';

const usage = { inputTokens: 60, outputTokens: 40, totalTokens: 100, costNanoUsd: 500, source: 'reported', attempts: 1, model: 'b/two' } as const;
const record = (rest: Partial<CallRecord> = {}): CallRecord => ({ callId: 'c', attempt: 1, worker: 'w', startedAt: null, finishedAt: null, usage, sandbox: null, outcome: 'completed', ...rest });
const completed = (seq: number, call: CallRecord): WorkflowEvent => ({ seq, at: '2026-03-04T23:59:59.999Z', workflowId: 'w', type: 'step.completed', data: { stepId: 's', call, output: null } });
const attempt = (model: string, rest: Partial<ModelAttempt> = {}): ModelAttempt => ({ endpoint: model.split('/')[0] ?? '', model: model.split('/')[1] ?? '', outcome: 'answered', durationMs: 1, inputTokens: 0, outputTokens: 0, costNanoUsd: 0, ...rest });
const accepted = { template: 'research', task: { goal: 'x', user: 'ann' } };
const common = { seq: 7, day: '2026-03-04', template: 'research', user: 'ann' };

describe('what calls used', () => {
  it('is under the model that was charged, on the day of the event', () => {
    expect(usedByCalls(accepted, [completed(7, record())])).toEqual([{ ...common, model: 'b/two', calls: 1, inputTokens: 60, outputTokens: 40, nanoUsd: 500 }]);
  });

  it('is under - where there is no template and no user, and unknown where the model was not told', () => {
    const { model: _, ...before } = usage;
    expect(usedByCalls({ template: null, task: { goal: 'x' } }, [completed(7, record({ usage: before }))])).toEqual([expect.objectContaining({ template: '-', user: '-', model: 'unknown', calls: 1 })]);
  });

  it('is nothing of events without a call, of tools, and of what a fork took over', () => {
    expect(usedByCalls(accepted, [{ seq: 1, at: 'x', workflowId: 'w', type: 'workflow.started', data: {} }, completed(2, record({ usage: null }))])).toEqual([]);
  });

  it('goes to each model that was tried, and the sum stays', () => {
    const tried = [attempt('a/one', { outcome: 'model_timeout', inputTokens: 10, costNanoUsd: 100 }), attempt('a/one', { outcome: 'model_unavailable' }), attempt('b/two', { inputTokens: 50, outputTokens: 40, costNanoUsd: 400 })];
    expect(usedByCalls(accepted, [completed(7, record({ tried }))])).toEqual([
      { ...common, model: 'b/two', calls: 1, inputTokens: 50, outputTokens: 40, nanoUsd: 400 },
      { ...common, model: 'a/one', calls: 0, inputTokens: 10, outputTokens: 0, nanoUsd: 100 },
    ]);
  });

  it('is never less than nothing when the attempts say more than was charged', () => {
    expect(usedByCalls(accepted, [completed(7, record({ tried: [attempt('a/one', { inputTokens: 999 })] }))])).toEqual([{ ...common, model: 'b/two', calls: 1, inputTokens: 60, outputTokens: 40, nanoUsd: 500 }]);
  });
});
