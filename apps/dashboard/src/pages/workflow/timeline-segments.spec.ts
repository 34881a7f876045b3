import type { CallRecord, Event, Step } from '@trivet/contracts';
import { segmentsOf, timesOf } from './timeline-segments.js';

const at = (ms: number): string => new Date(ms).toISOString();
const call = (startedAt: number, more: Partial<CallRecord> = {}): CallRecord => ({ callId: 'c', attempt: 1, worker: 'executor-1', startedAt: at(startedAt), finishedAt: null, usage: null, sandbox: null, outcome: 'completed', ...more });
const step = (calls: CallRecord[], more: Partial<Step> = {}): Step => ({ id: 's', kind: 'tool', title: null, status: 'completed', attempts: 1, startedAt: at(100), finishedAt: at(900), input: null, output: null, failure: null, calls, ...more });
const event = (type: Event['type'], ms: number, data: Event['data'] = {}): Event => ({ seq: 1, type, at: at(ms), workflowId: 'w', data });
const drawn = (steps: Step, events: Event[]) => segmentsOf(steps, events).map(({ kind, from, to, broken }) => `${kind} ${from}-${to ?? ''}${broken ? ' broken' : ''}`);

describe('segmentsOf', () => {
  it('is in line until a worker takes the call, and at work until it ends', () => {
    expect(drawn(step([call(300)]), [event('step.scheduled', 100), event('step.completed', 900)])).toEqual(['queued 100-300', 'running 300-900']);
  });

  it('shows a step that took no whole millisecond', () => {
    expect(drawn(step([call(100)]), [event('step.scheduled', 100), event('step.completed', 100)])).toEqual(['queued 100-100', 'running 100-100']);
  });

  it('is in line again when its worker is lost, and waits before it is tried again', () => {
    const events = [event('step.scheduled', 100), event('call.lost', 400), event('step.retrying', 600), event('step.scheduled', 700), event('step.completed', 900)];
    expect(drawn(step([call(200), call(500), call(800)]), events)).toEqual(['queued 100-200', 'running 200-400 broken', 'queued 400-500', 'running 500-600 broken', 'waiting 600-700', 'queued 700-800', 'running 800-900']);
  });

  it('waits for a person, a time or another workflow, and not when it works through a map', () => {
    expect(drawn(step([]), [event('approval.requested', 100), event('approval.decided', 500)])).toEqual(['waiting 100-500']);
    expect(drawn(step([]), [event('step.started', 100, { work: { kind: 'workflow' } })])).toEqual(['waiting 100-']);
    expect(drawn(step([]), [event('step.started', 100, { work: { kind: 'map' } }), event('step.completed', 900)])).toEqual(['running 100-900']);
  });

  it('takes no notice of model calls inside its tool', () => {
    expect(drawn(step([call(300), call(500, { parentCallId: 'c' })]), [event('step.scheduled', 100)])).toEqual(['queued 100-300', 'running 300-']);
  });

  it('goes by the step alone until its events are read', () => {
    expect(drawn(step([]), [])).toEqual(['running 100-900']);
    expect(drawn(step([]), [event('step.completed', 900)])).toEqual(['running 100-900']);
    expect(drawn(step([], { startedAt: null }), [])).toEqual([]);
  });
});

it('timesOf adds up each kind, an open one until now', () => {
  const segments = segmentsOf(step([call(300)]), [event('step.scheduled', 100)]);
  expect(timesOf(segments, 1_000)).toEqual({ queued: 200, running: 700, waiting: 0 });
});
