import fs from 'node:fs';
import path from 'node:path';
import { STEP_KINDS, type Fact, type WorkflowEvent } from '@trivet/contracts';
import { advance, begin, MACHINE_VERSION, OLDEST_MACHINE_VERSION } from './advance.js';
import { apply } from './apply.js';
import type { RecordedTransition } from './drive-for-tests.js';
import { SCENARIOS } from './histories-for-tests.js';
import type { WorkflowState } from './state.js';
import type { Surroundings } from './transition.js';

interface History {
  name: string;
  machine: number;
  transitions: RecordedTransition[];
}

const FOLDER = path.resolve(import.meta.dirname, '../../histories');
const histories = fs.readdirSync(FOLDER).filter((name) => name.endsWith('.json')).map((name): History => JSON.parse(fs.readFileSync(path.join(FOLDER, name), 'utf8')));

const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** What the machine decides today on what it was told then. */
function replay({ transitions }: History): { events: unknown; effects: unknown }[] {
  let state: WorkflowState | null = null;
  let seq = 0;
  return transitions.map(({ input, around: { nowMs, jitter }, events }) => {
    const around: Surroundings = { nowMs, jitter, values: new Map() };
    const transition = state && input ? advance(state, seq, input, around) : begin(acceptedOf(events), 'wf', around);
    state = transition.state;
    seq += transition.events.length;
    return { events: plain(transition.events), effects: plain(transition.effects) };
  });
}

function acceptedOf([first]: WorkflowEvent[]): Extract<Fact, { type: 'task.accepted' }> {
  if (first?.type !== 'task.accepted') throw new Error('A history begins with task.accepted.');
  return { type: first.type, data: first.data };
}

describe('a recorded history', () => {
  const decided = histories.filter(({ machine }) => machine >= OLDEST_MACHINE_VERSION);

  it.each(decided.map((history) => [history.name, history.machine, history] as const))('%s of machine %i is decided as it was', (_name, _machine, history) => {
    expect(replay(history)).toEqual(history.transitions.map(({ events, effects }) => ({ events, effects })));
  });

  it.each(histories.map((history) => [history.name, history.machine, history] as const))('%s of machine %i can be read', (_name, _machine, history) => {
    const events = history.transitions.flatMap((transition) => transition.events);
    expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1));
    const state = events.reduce<WorkflowState | null>((folded, event) => apply(folded, event), null);
    expect(['completed', 'failed', 'cancelled']).toContain(state?.status);
  });
});

describe('the recorded histories', () => {
  it('hold each scenario of this version of the machine; a new one is recorded with npm run record-histories', () => {
    const recorded = histories.filter(({ machine }) => machine === MACHINE_VERSION).map(({ name }) => name).sort();
    expect(recorded).toEqual(SCENARIOS.map(({ name }) => name).sort());
  });

  it('come from no version that is still to be made', () => {
    for (const { machine } of histories) expect(machine).toBeLessThanOrEqual(MACHINE_VERSION);
  });

  it('know every kind of step and every input', () => {
    const transitions = histories.flatMap((history) => history.transitions);
    const kinds = new Set(transitions.flatMap(({ events }) => events).flatMap((event) => (event.type === 'task.accepted' ? event.data.plan.steps.map(({ kind }) => kind) : [])));
    expect([...kinds].sort()).toEqual([...STEP_KINDS].sort());
    const inputs = ['begin', 'result', 'worker-lost', 'result-lost', 'timer', 'cancel', 'pause', 'resume', 'retry', 'signal', 'decide', 'child-ended', 'give-up'];
    const told = new Set(transitions.map(({ input }) => input?.type));
    expect(inputs.filter((type) => ![...told].some((each) => each === type))).toEqual([]);
  });

  it('show when something is decided otherwise', () => {
    const history = histories.find(({ name }) => name === 'retries');
    const changed: History | undefined = history && JSON.parse(JSON.stringify(history).replace('"initialMs":100', '"initialMs":200'));
    expect(changed && replay(changed)).not.toEqual(changed?.transitions.map(({ events, effects }) => ({ events, effects })));
  });
});
