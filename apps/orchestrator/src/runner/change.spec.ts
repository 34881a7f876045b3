import type { Fact, Plan } from '@trivet/contracts';
import { advance, begin } from '../workflow/advance.js';
import { changeOf, eventHash } from './change.js';
import { decodeWorkflow } from './codec.js';

const PLAN: Plan = { steps: [{ id: 'constructor', kind: 'tool', tool: 't', input: { text: '{{ goal }}' } }, { id: 'toString', kind: 'tool', tool: 't', dependsOn: ['constructor'] }] };
const accepted: Fact = { type: 'task.accepted', data: { tenant: 'acme', task: { goal: 'g', priority: 'high', user: 'u' }, plan: PLAN, template: null, templateDigest: null, source: 'http', bodyHash: 'h', traceparent: null } };
const context = { ref: { tenant: 'acme', workflowId: 'wf' }, opId: 'o', expectedVersion: 0, seqBefore: 0, chainBefore: '', nowMs: 1_000, traceparent: '00-a-b-01', keepFinishedMs: 1 };

describe('a change', () => {
  const transition = begin(accepted, 'wf', { nowMs: 1_000, values: new Map(), jitter: 0 });
  const change = changeOf(transition, context);

  it('chains each event to the one before by its hash', () => {
    let chain = '';
    for (const text of change.events) {
      const { hash, ...event } = JSON.parse(text);
      expect(hash).toBe(eventHash(chain, event));
      chain = hash;
    }
    expect(change.chain).toBe(chain);
    expect(change.seq).toBe(3);
  });

  it('carries the call as it will be published, with whose account it is and its trace', () => {
    const [call] = change.schedule;
    expect(call).toMatchObject({ tier: 'tool', priority: 'high' });
    expect(JSON.parse(call?.spec ?? '{}')).toMatchObject({ tier: 'tool', traceparent: '00-a-b-01', body: { tool: 't', user: 'u', input: { text: 'g' }, attempt: 1, callId: call?.callId } });
  });

  it('gives the same state when it is read back, whatever its steps are called', () => {
    const stored = { version: 1, head: change.head, task: change.created?.task ?? '', steps: new Map(Object.entries(change.steps)), seq: change.seq, chain: change.chain, hash: 'h' };
    const state = decodeWorkflow(stored);
    expect([...state.steps.all()]).toEqual([...transition.state.steps.all()]);
    expect(state.status).toBe('running');
    expect(state.accepted).toEqual(transition.state.accepted);
  });

  it('writes a step that a retry reset before its first attempt, or another process would find it cancelled', () => {
    const around = { nowMs: 1_000, values: new Map(), jitter: 0 };
    const cancelled = advance(transition.state, 3, { type: 'cancel', reason: 'enough' }, around);
    const retried = advance(cancelled.state, 3 + cancelled.events.length, { type: 'retry', reason: 'again' }, around);
    expect(JSON.parse(changeOf(retried, context).steps['toString'] ?? '{}')).toMatchObject({ status: 'pending' });
  });

  it('leaves no call, approval or timer behind that one transition begins and ends, since nobody would take it away again', () => {
    const steps: Plan['steps'] = [
      { id: 'call', kind: 'tool', tool: 't' },
      { id: 'ask', kind: 'approval', input: { question: 'May I?', expiresMs: 1_000 } },
      { id: 'short', kind: 'map', over: [0], collect: { atLeast: 3 }, step: { id: 'item', kind: 'tool', tool: 't' } },
    ];
    const failed = begin({ type: 'task.accepted', data: { ...accepted.data, plan: { steps } } }, 'wf', { nowMs: 1_000, values: new Map(), jitter: 0 });
    expect(failed.state.status).toBe('failed');
    expect(changeOf(failed, context)).toMatchObject({ schedule: [], close: [], asked: [], timers: [] });
  });
});
