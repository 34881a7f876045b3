import type { Fact, Plan, ToolResult, WorkflowEvent } from '@trivet/contracts';
import { advance, begin } from './advance.js';
import { apply } from './apply.js';
import type { WorkflowState } from './state.js';
import type { Input, Surroundings, Transition } from './transition.js';

const around: Surroundings = { nowMs: 1_000_000, values: new Map(), jitter: 0 };

const accepted = (plan: Plan, task: object = {}): Extract<Fact, { type: 'task.accepted' }> => ({
  type: 'task.accepted',
  data: { tenant: 'acme', task: { goal: 'the goal', ...task }, plan, template: null, templateDigest: null, source: 'http', bodyHash: 'h', traceparent: null },
});

const PAIR: Plan = {
  steps: [
    { id: 'left', kind: 'tool', tool: 'text_stats', input: { text: '{{ goal }}' } },
    { id: 'right', kind: 'tool', tool: 'text_stats', input: { text: 'b' } },
    { id: 'join', kind: 'model', input: { prompt: 'report', variables: { left: { $: 'steps.left.output.words' }, right: { $: 'steps.right.output' } } } },
  ],
};

/** A workflow told one input after the other; keeps all events. */
function drive(plan: Plan, task: object = {}): { state: () => WorkflowState; events: WorkflowEvent[]; last: () => Transition; tell: (input: Input) => Transition } {
  let transition = begin(accepted(plan, task), 'wf', around);
  const events = [...transition.events];
  return {
    state: () => transition.state,
    events,
    last: () => transition,
    tell: (input) => {
      transition = advance(transition.state, events.length, input, around);
      events.push(...transition.events);
      return transition;
    },
  };
}

function callOf(state: WorkflowState, stepId: string): { callId: string; attempt: number } {
  const step = state.steps.get(stepId);
  if (step?.status !== 'scheduled') throw new Error(`${stepId} is ${step?.status}`);
  return step;
}

function resultOf(state: WorkflowState, stepId: string, rest: Partial<ToolResult>): Input {
  const { callId, attempt } = callOf(state, stepId);
  const result = { callId, tenant: 'acme', workflowId: 'wf', stepId, attempt, epoch: 1, worker: 'w1', startedAt: 'a', finishedAt: 'b', ...rest };
  return { type: 'result', tier: 'tool', result };
}

const types = (events: readonly WorkflowEvent[]): string[] => events.map((event) => event.type);

describe('a workflow', () => {
  it('schedules at once every step that waits for nothing, with its expressions evaluated', () => {
    const run = drive(PAIR);
    expect(types(run.events)).toEqual(['task.accepted', 'workflow.started', 'step.scheduled', 'step.scheduled']);
    expect(run.events[2]?.data).toMatchObject({ stepId: 'left', attempt: 1, input: { text: 'the goal' } });
    expect(run.last().effects.map((effect) => effect.do)).toEqual(['schedule', 'schedule']);
  });

  it('schedules a step when the last step it refers to has ended, and completes after the last', () => {
    const run = drive(PAIR);
    run.tell(resultOf(run.state(), 'left', { output: { words: 2 } }));
    expect(run.state().steps.get('join')?.status).toBe('pending');
    run.tell(resultOf(run.state(), 'right', { output: { words: 1 } }));
    expect(run.state().steps.get('join')?.input).toEqual({ prompt: 'report', variables: { left: 2, right: { words: 1 } } });
    run.tell(resultOf(run.state(), 'join', { output: { text: 'done' } }));
    expect(run.state()).toMatchObject({ status: 'completed', result: { join: { text: 'done' } }, done: 3 });
  });

  it('is the fold of its events', () => {
    const run = drive(PAIR);
    run.tell(resultOf(run.state(), 'right', { output: 1 }));
    run.tell(resultOf(run.state(), 'left', { output: { words: 2 } }));
    const folded = run.events.reduce<WorkflowState | null>((state, event) => apply(state, event), null);
    expect([...(folded?.steps.all() ?? [])]).toEqual([...run.state().steps.all()]);
    expect(run.events.map((event) => event.seq)).toEqual(run.events.map((_, index) => index + 1));
  });

  describe('when a result comes twice', () => {
    it('changes nothing the second time', () => {
      const run = drive(PAIR);
      const input = resultOf(run.state(), 'left', { output: 1 });
      run.tell(input);
      const before = run.state();
      expect(run.tell(input).events).toEqual([]);
      expect(run.state()).toBe(before);
    });

    it('notes the cost of a second one from another worker and keeps the first output', () => {
      const run = drive(PAIR);
      const first = resultOf(run.state(), 'left', { output: 1 });
      const second = resultOf(run.state(), 'left', { output: 2, worker: 'w2', epoch: 2 });
      run.tell(first);
      expect(types(run.tell(second).events)).toEqual(['call.stale']);
      expect(run.state().steps.get('left')).toMatchObject({ status: 'completed', output: 1 });
    });
  });

  describe('when a step fails', () => {
    const failure = { code: 'tool_timeout', message: 'late' } as const;

    it('fails with the step’s failure and ends the others', () => {
      const run = drive(PAIR);
      const { callId } = callOf(run.state(), 'right');
      const transition = run.tell(resultOf(run.state(), 'left', { failure }));
      expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'tool_timeout' } });
      expect(run.state().steps.get('right')?.status).toBe('cancelled');
      expect(run.state().steps.get('join')?.status).toBe('cancelled');
      expect(transition.effects).toContainEqual({ do: 'stop', callIds: [callId] });
    });

    it('goes on without it when its policy is to continue', () => {
      const plan: Plan = { steps: [{ id: 'a', kind: 'tool', tool: 't', onFailure: 'continue' }, { id: 'b', kind: 'tool', tool: 't', input: { got: { $: 'steps.a.output' }, why: { $: 'steps.a.failure.code' } } }] };
      const run = drive(plan);
      run.tell(resultOf(run.state(), 'a', { failure }));
      expect(run.state().steps.get('b')?.input).toEqual({ got: null, why: 'tool_timeout' });
    });

    it('tries again as often as its policy says, each attempt under its own call id', () => {
      const plan: Plan = { steps: [{ id: 'a', kind: 'tool', tool: 't', retry: { max: 1, initialMs: 100 } }] };
      const run = drive(plan);
      const first = callOf(run.state(), 'a').callId;
      const transition = run.tell(resultOf(run.state(), 'a', { failure }));
      expect(transition.effects).toContainEqual({ do: 'timer', timer: 'retry-a', delayMs: 50 });
      expect(run.state().steps.get('a')?.status).toBe('retrying');
      run.tell({ type: 'timer', timer: 'retry-a' });
      expect(callOf(run.state(), 'a')).toMatchObject({ attempt: 2 });
      expect(callOf(run.state(), 'a').callId).not.toBe(first);
      run.tell(resultOf(run.state(), 'a', { failure }));
      expect(run.state().status).toBe('failed');
    });

    it('does not try again what can never succeed', () => {
      const plan: Plan = { steps: [{ id: 'a', kind: 'tool', tool: 't', retry: { max: 5 } }] };
      const run = drive(plan);
      run.tell(resultOf(run.state(), 'a', { failure: { code: 'tool_host_denied', message: 'no' } }));
      expect(run.state().status).toBe('failed');
    });
  });

  describe('when a worker dies', () => {
    it('opens the call again under the same id, and uses up no retry', () => {
      const run = drive(PAIR);
      const { callId } = callOf(run.state(), 'left');
      const transition = run.tell({ type: 'worker-lost', callId, worker: 'w1', epoch: 1 });
      expect(transition.effects).toEqual([{ do: 'reopen', callId, tier: 'tool', worker: 'w1', epoch: 1 }]);
      expect(callOf(run.state(), 'left')).toMatchObject({ callId, attempt: 1, deaths: 1 });
    });

    it('never counts what the broker lost as a death', () => {
      const run = drive(PAIR);
      const { callId } = callOf(run.state(), 'left');
      for (const epoch of [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]) {
        const transition = run.tell({ type: 'result-lost', callId, worker: 'w1', epoch });
        expect(transition.effects).toEqual([{ do: 'reopen', callId, tier: 'tool', worker: 'w1', epoch }]);
      }
      expect(callOf(run.state(), 'left')).toMatchObject({ callId, deaths: 0 });
    });

    it('takes a call that killed three workers for poisoned', () => {
      const run = drive(PAIR);
      const { callId } = callOf(run.state(), 'left');
      for (const epoch of [1, 2, 3]) run.tell({ type: 'worker-lost', callId, worker: `w${epoch}`, epoch });
      expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'poisoned' } });
      expect(run.events.filter((event) => event.type === 'call.lost')).toHaveLength(3);
    });
  });

  it('with a budget begins only when its account is open, and the watchdog sees to that', () => {
    const run = drive(PAIR, { budget: { tokens: 5 } });
    expect(types(run.events)).toEqual(['task.accepted']);
    expect(run.last().effects).toEqual([{ do: 'timer', timer: 'begin', delayMs: 2_000 }]);
    const transition = run.tell({ type: 'begin' });
    expect(types(transition.events)).toEqual(['workflow.started', 'step.scheduled', 'step.scheduled']);
    expect(transition.effects).toContainEqual({ do: 'clear-timer', timer: 'begin' });
    expect(run.tell({ type: 'begin' }).events).toEqual([]);
  });

  it('fails a model step whose input is not a request, naming what is wrong', () => {
    const run = drive({ steps: [{ id: 'a', kind: 'model', input: { $: 'input.x' } }] }, { input: { x: 'just text' } });
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'invalid_request', message: expect.stringContaining('the input of step a'.slice(4)) } });
  });

  it('asks for a value that travels by reference when it needs it', () => {
    const run = drive({ steps: [{ id: 'a', kind: 'tool', tool: 't' }, { id: 'b', kind: 'tool', tool: 't', input: { $: 'steps.a.output' } }] });
    const reference = { blob: 'f'.repeat(64), bytes: 70_000 };
    const result = resultOf(run.state(), 'a', { outputRef: reference });
    expect(() => run.tell(result)).toThrow(expect.objectContaining({ name: 'MissingValueError', reference }));
    const transition = advance(run.state(), 4, result, { ...around, values: new Map([[reference.blob, { large: true }]]) });
    expect(transition.state.steps.get('b')?.input).toEqual({ large: true });
  });

  it('fails when its deadline passes', () => {
    const run = drive(PAIR, { deadlineMs: 50 });
    expect(run.last().effects).toContainEqual({ do: 'timer', timer: 'deadline', delayMs: 50 });
    run.tell({ type: 'timer', timer: 'deadline' });
    expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'deadline_exceeded' } });
  });

  it('is cancelled once, and only notes what comes after', () => {
    const run = drive(PAIR);
    const late = resultOf(run.state(), 'left', { output: 1 });
    run.tell({ type: 'cancel', reason: 'enough' });
    expect(run.state()).toMatchObject({ status: 'cancelled', reason: 'enough' });
    expect(types(run.tell({ type: 'cancel', reason: 'again' }).events)).toEqual([]);
    run.tell(late);
    expect(run.state().status).toBe('cancelled');
  });

  it('skips a step whose condition does not hold, and goes on after it', () => {
    const plan: Plan = { steps: [{ id: 'a', kind: 'tool', tool: 't', when: 'input.wanted' }, { id: 'b', kind: 'tool', tool: 't', dependsOn: ['a'] }] };
    const run = drive(plan, { input: { wanted: false } });
    expect(run.state().steps.get('a')?.status).toBe('skipped');
    expect(run.state().steps.get('b')?.status).toBe('scheduled');
  });

  it('carries a large value by reference', () => {
    const text = 'x'.repeat(70_000);
    const run = drive({ steps: [{ id: 'a', kind: 'tool', tool: 't', input: { text: { $: 'input.text' } } }] }, { input: { text } });
    const store = run.last().effects.find((effect) => effect.do === 'store');
    expect(store).toMatchObject({ reference: { bytes: JSON.stringify({ text }).length } });
    expect(JSON.stringify(run.events[2])).not.toContain('xxxx');
  });

  it('notes a model call made inside a tool once', () => {
    const run = drive(PAIR);
    const child: Input = { type: 'result', tier: 'model', result: { callId: 'child', tenant: 'acme', workflowId: 'wf', stepId: 'left', attempt: 1, epoch: 1, worker: 'm1', startedAt: 'a', finishedAt: 'b', parentCallId: callOf(run.state(), 'left').callId } };
    expect(types(run.tell(child).events)).toEqual(['call.completed']);
    expect(types(run.tell(child).events)).toEqual([]);
  });
});
