import type { Event, Step } from '@trivet/contracts';
import { timelineRows } from './timeline-rows.js';

const step = (id: string, parent?: string): Step => ({ id, kind: 'tool', title: null, status: 'completed', attempts: 1, startedAt: '2026-01-01T00:00:01Z', finishedAt: null, input: null, output: null, failure: null, calls: [], ...(parent === undefined ? {} : { parent }) });
const event = (seq: number, type: Event['type'], at: string, data: Event['data']): Event => ({ seq, type, at, workflowId: 'w', data });

describe('timelineRows', () => {
  const steps = [step('all'), step('report'), step('all-0', 'all'), step('all-1', 'all')];

  it('puts what is inside a step behind it, unless it is folded', () => {
    expect(timelineRows(steps, [], () => false).map(({ step: { id }, depth }) => `${depth} ${id}`)).toEqual(['0 all', '1 all-0', '1 all-1', '0 report']);
    expect(timelineRows(steps, [], (_, children) => children > 1).map(({ step: { id }, children }) => `${id} ${children}`)).toEqual(['all 2', 'report 0']);
  });

  it('knows since when a step waited, and who was lost on the way', () => {
    const events = [event(2, 'step.scheduled', '2026-01-01T00:00:00Z', { stepId: 'report' }), event(3, 'call.lost', '2026-01-01T00:00:03Z', { stepId: 'report', worker: 'executor-1' }), event(4, 'step.scheduled', '2026-01-01T00:00:04Z', { stepId: 'report' })];
    const [row] = timelineRows([step('report')], events, () => false);
    expect(row).toMatchObject({ queuedAt: Date.parse('2026-01-01T00:00:00Z'), startedAt: Date.parse('2026-01-01T00:00:01Z'), finishedAt: undefined, marks: [{ kind: 'lost', words: 'executor-1 was lost; the call is taken over' }] });
  });
});
