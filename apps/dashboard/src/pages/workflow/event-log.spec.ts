import type { Event } from '@trivet/contracts';
import { filterEvents, withEvents } from './event-log.js';

const event = (seq: number, type: Event['type'] = 'step.completed', data: Event['data'] = {}): Event => ({ seq, type, at: '2026-01-01T00:00:00Z', workflowId: 'w', data });
const seqs = (events: readonly Event[]) => events.map(({ seq }) => seq);

describe('withEvents', () => {
  it('puts older ones in front and newer ones behind, without repeats', () => {
    const tail = withEvents([], [event(5), event(6)]);
    expect(seqs(withEvents(withEvents(tail, [event(6), event(7)]), [event(3), event(4), event(5)]))).toEqual([3, 4, 5, 6, 7]);
  });
});

describe('filterEvents', () => {
  const events = [event(1, 'task.accepted'), event(2, 'step.failed', { failure: { code: 'tool_timeout' } }), event(3, 'step.completed', { stepId: 'overview' })];

  it('takes types, or words that all occur', () => {
    expect(seqs(filterEvents(events, { types: ['step.failed', 'task.accepted'], text: '' }))).toEqual([1, 2]);
    expect(seqs(filterEvents(events, { types: [], text: 'STEP timeout' }))).toEqual([2]);
    expect(seqs(filterEvents(events, { types: ['step.completed'], text: 'timeout' }))).toEqual([]);
  });
});
