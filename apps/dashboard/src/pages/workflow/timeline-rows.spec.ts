import type { Event, Step } from '@trivet/contracts';
import { timelineRows } from './timeline-rows.js';

const step = (id: string, more: Partial<Step> = {}): Step => ({ id, kind: 'tool', title: null, status: 'completed', attempts: 1, startedAt: '2026-01-01T00:00:01Z', finishedAt: null, input: null, output: null, failure: null, calls: [], ...more });
const event = (seq: number, type: Event['type'], at: string, data: Event['data']): Event => ({ seq, type, at, workflowId: 'w', data });

describe('timelineRows', () => {
  const steps = [step('all'), step('report'), step('all-0', { parent: 'all' }), step('all-1', { parent: 'all' })];

  it('puts what is inside a step behind it, unless it is folded', () => {
    expect(timelineRows(steps, [], () => false).map(({ step: { id }, depth }) => `${depth} ${id}`)).toEqual(['0 all', '1 all-0', '1 all-1', '0 report']);
    expect(timelineRows(steps, [], (_, children) => children > 1).map(({ step: { id }, children }) => `${id} ${children}`)).toEqual(['all 2', 'report 0']);
  });

  it('knows who was lost on the way, and who took over', () => {
    const events = [event(2, 'step.scheduled', '2026-01-01T00:00:00Z', { stepId: 'report' }), event(3, 'call.lost', '2026-01-01T00:00:03Z', { stepId: 'report', worker: 'executor-1' }), event(4, 'step.retrying', '2026-01-01T00:00:06Z', { stepId: 'report', failure: { code: 'tool_timeout' } })];
    const heir = { callId: 'c', attempt: 1, worker: 'executor-2', startedAt: '2026-01-01T00:00:04Z', finishedAt: null, usage: null, sandbox: null, outcome: null };
    const wordsOf = (row: Step) => timelineRows([row], events, () => false)[0]?.marks.map(({ words }) => words);
    expect(wordsOf(step('report'))).toEqual(['lost with executor-1; another takes it over', 'it failed (tool_timeout); it is tried again']);
    const inside = { ...heir, worker: 'model-1', startedAt: '2026-01-01T00:00:03Z', parentCallId: 'c' };
    expect(wordsOf(step('report', { calls: [inside, heir] }))?.[0]).toBe('taken over from executor-1 by executor-2');
    expect(wordsOf(step('other'))).toEqual([]);
  });
});
