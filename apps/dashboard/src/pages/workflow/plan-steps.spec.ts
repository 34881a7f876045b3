import type { Event } from '@trivet/contracts';
import { plannedIn, toolOf } from './plan-steps.js';

const event = (seq: number, type: Event['type'], data: Event['data']): Event => ({ seq, type, at: '2026-01-01T00:00:00Z', workflowId: 'w', data });
const accepted = event(1, 'task.accepted', { plan: { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator' }, { id: 'bot', kind: 'agent', tool: 7 }] } });
const child = event(5, 'step.scheduled', { stepId: 'bot--1', child: { parent: 'bot', index: 1, kind: 'tool', tool: 'web_search' } });

describe('toolOf', () => {
  it('finds it in the plan, or in the event that made the step', () => {
    expect(['sum', 'bot', 'bot--1', 'other'].map((id) => toolOf(id, [accepted, child]))).toEqual(['calculator', undefined, 'web_search', undefined]);
  });
});

it('plannedIn knows nothing before the first event is read', () => {
  expect([[], [child]].map((events) => plannedIn(events).size)).toEqual([0, 0]);
  expect([...plannedIn([accepted]).keys()]).toEqual(['sum', 'bot']);
});
