import type { ApprovalDecision, Plan } from '@trivet/contracts';
import { drive, types, type Drive } from '../drive-for-tests.js';

const plan = (input: object = {}, rest: object = {}): Plan => ({
  steps: [
    { id: 'gate', kind: 'approval', input: { question: 'Send {{ input.what }}?', details: { to: 'all' }, ...input }, ...rest },
    { id: 'send', kind: 'tool', tool: 'mail', dependsOn: ['gate'] },
  ],
});
const task = { input: { what: 'it' } };

function decide(run: Drive, decision: ApprovalDecision, stepId = 'gate'): void {
  const step = run.step(stepId);
  const approvalId = step.status === 'open' && step.work.kind === 'approval' ? step.work.approvalId : 'wf.none';
  run.tell({ type: 'decide', stepId, approvalId, actor: 'ann', decision });
}

describe('an approval', () => {
  it('asks, waits, and gives the decision', () => {
    const run = drive(plan(), task);
    expect(run.events.at(-1)).toMatchObject({ type: 'approval.requested', data: { question: 'Send it?', details: { to: 'all' }, purpose: 'step', expiresAt: null } });
    expect(run.effects).toContainEqual(expect.objectContaining({ do: 'ask', stepId: 'gate' }));
    expect(run.state()).toMatchObject({ waiting: 1, calling: 0 });
    decide(run, { decision: 'approve', comment: 'fine', edited: { to: 'some' } });
    expect(run.step('gate')).toMatchObject({ status: 'completed', output: { decision: 'approve', comment: 'fine', edited: { to: 'some' } } });
    expect(run.status('send')).toBe('scheduled');
    expect(run.effects).toContainEqual(expect.objectContaining({ do: 'answered', stepId: 'gate' }));
    expect(run.step('gate').calls).toMatchObject([{ outcome: 'completed' }]);
  });

  it('is decided once', () => {
    const run = drive(plan(), task);
    const step = run.step('gate');
    const approvalId = step.status === 'open' && step.work.kind === 'approval' ? step.work.approvalId : '';
    decide(run, { decision: 'deny' });
    expect(run.tell({ type: 'decide', stepId: 'gate', approvalId, actor: 'bob', decision: { decision: 'approve' } }).events).toEqual([]);
  });

  it('that is denied keeps what depends on it from running', () => {
    const run = drive(plan(), task);
    decide(run, { decision: 'deny', comment: 'too soon' });
    expect(run.step('send')).toMatchObject({ status: 'skipped', reason: 'the approval gate was denied' });
    expect(run.state()).toMatchObject({ status: 'completed' });
  });

  it('that is denied lets a step run whose condition looks at the decision', () => {
    const run = drive({ steps: [plan().steps[0] ?? { id: 'gate', kind: 'approval' }, { id: 'sorry', kind: 'tool', tool: 't', when: "steps.gate.output.decision == 'deny'" }] }, task);
    decide(run, { decision: 'deny' });
    expect(run.status('sorry')).toBe('scheduled');
  });

  it.each([
    ['deny', 'skipped'],
    ['approve', 'scheduled'],
    ['fail', 'cancelled'],
  ] as const)('that expires with %s leaves the next step %s', (onExpire, status) => {
    const run = drive(plan({ expiresMs: 500, onExpire }), task);
    expect(run.effects).toContainEqual({ do: 'timer', timer: 'expire-gate', delayMs: 500 });
    run.wait(500);
    run.fire('expire-gate');
    expect(run.status('send')).toBe(status);
  });

  it('ends with its workflow', () => {
    const run = drive(plan({ expiresMs: 500 }), task);
    run.tell({ type: 'cancel', reason: 'enough' });
    expect(run.last().effects).toEqual(expect.arrayContaining([expect.objectContaining({ do: 'answered' }), { do: 'clear-timer', timer: 'expire-gate' }]));
  });

  it('of a spent budget tries the call again when it is raised, and fails it when not', () => {
    const failure = { code: 'budget_exceeded', message: 'The account workflow/wf has 5 tokens left.' } as const;
    const model: Plan = { steps: [{ id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'hi' }] } }] };
    const begin = (): Drive => {
      const run = drive(model, { budget: { tokens: 10, onExceed: 'ask' } });
      run.tell({ type: 'begin' });
      run.report('ask', { failure });
      expect(run.step('ask')).toMatchObject({ status: 'open', work: { purpose: 'budget' } });
      return run;
    };
    const raised = begin();
    decide(raised, { decision: 'approve', edited: { tokens: 100 } }, 'ask');
    expect(raised.step('ask')).toMatchObject({ status: 'scheduled', attempt: 2 });
    expect(types(raised.events)).toContain('approval.decided');
    const denied = begin();
    decide(denied, { decision: 'deny' }, 'ask');
    expect(denied.state()).toMatchObject({ status: 'failed', failure: { code: 'budget_exceeded' } });
  });
});
