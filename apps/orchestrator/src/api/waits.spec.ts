import type { Plan, Worker } from '@trivet/contracts';
import { headOf } from '../runner/codec.js';
import { drive, type Drive } from '../workflow/drive-for-tests.js';
import { createWaits, type Waits } from './waits.js';

const executor = (more: Partial<Worker> = {}): Worker => ({ service: 'executor', id: 'e1', pid: 1, host: 'h', version: '1', startedAt: '2026-01-01T00:00:00.000Z', inFlight: 0, slots: 1, draining: false, ...more });
const PLAN: Plan = { steps: [{ id: 'load', kind: 'tool', tool: 'csv_query' }, { id: 'sum', kind: 'tool', tool: 'calculator' }] };
const SINCE = new Date(1_000_000).toISOString();

interface Asked {
  waits: Waits;
  /** What had to be read for the answers. */
  read: string[];
}

/**
 * @param taken calls that a worker has, by their step
 * @param queued those of them that wait there for a slot
 */
function waitsOf(run: Drive, workers: Worker[], { taken = [], lacking = [], queued = [] }: { taken?: string[]; lacking?: string[]; queued?: string[] } = {}): Asked {
  const read: string[] = [];
  const callOf = (stepId: string): string => {
    const step = run.step(stepId);
    return step.status === 'scheduled' ? step.callId : '';
  };
  const waits = createWaits({
    archive: { state: async () => (read.push('state'), run.state()) },
    hands: { workers: () => workers, mayHave: (_, tool) => !lacking.includes(tool), depth: () => ({ tool: { ready: 0, sent: 2 }, model: { ready: 0, sent: 0 } }) },
    claims: { read: async (_, callId) => (read.push('claim'), { status: taken.map(callOf).includes(callId) ? 'held' : 'open', worker: taken.map(callOf).includes(callId) ? 'e1' : null, epoch: 1, claimedAtMs: null }) },
    presence: { queueOf: async () => (read.push('queue'), queued.map(callOf)) },
    gatekeeper: { keys: async () => [] },
  });
  return { waits, read };
}

async function inList({ waits }: Asked, run: Drive): Promise<string | null> {
  const { accepted } = run.state();
  return (await waits.inList(accepted, headOf(run.state()))).waitingFor;
}

describe('what a running workflow waits for', () => {
  it('is nothing, and nothing is read for it, where its calls can be taken at once', async () => {
    const run = drive(PLAN);
    const asked = waitsOf(run, [executor()]);
    expect(await inList(asked, run)).toBeNull();
    expect(asked.read).toEqual([]);
    expect(await asked.waits.of(run.state())).toEqual({ shown: { waitingFor: null }, isInLine: false });
    expect(asked.read).toEqual([]);
  });

  it('is a tool that no executor has, since its step was begun', async () => {
    const run = drive(PLAN);
    const asked = waitsOf(run, [executor()], { lacking: ['csv_query'] });
    const sentence = 'Step load is queued: no executor has the tool csv_query.';
    expect(await asked.waits.of(run.state())).toEqual({ shown: { waitingFor: sentence, waitingSince: SINCE }, isInLine: false });
    expect(asked.read).toEqual(['claim']);
    expect(await inList(asked, run)).toBe(sentence);
  });

  it('is a slot, where all are busy: of the step whose call nobody has taken', async () => {
    const run = drive(PLAN);
    const busy = executor({ inFlight: 1 });
    const sentence = 'Step sum is queued: the only slot of 1 executor is busy.';
    expect(await waitsOf(run, [busy], { taken: ['load'] }).waits.of(run.state())).toEqual({ shown: { waitingFor: sentence, waitingSince: SINCE }, isInLine: true });
    expect(await inList(waitsOf(run, [busy], { taken: ['load'] }), run)).toBe(sentence);
    expect(await inList(waitsOf(run, [busy], { taken: ['load', 'sum'] }), run)).toBeNull();
  });

  it('is a slot of the executor that has taken its call, where more were taken than there are slots', async () => {
    const run = drive(PLAN);
    const asked = waitsOf(run, [executor({ inFlight: 2 })], { taken: ['load', 'sum'], queued: ['sum'] });
    expect((await asked.waits.of(run.state())).shown.waitingFor).toBe('Step sum is queued: the only slot of 1 executor is busy.');
    expect(asked.read).toEqual(['claim', 'claim', 'queue']);
  });

  it('is first what only a person can mend', async () => {
    const run = drive({ steps: [...PLAN.steps].reverse() });
    const { shown } = await waitsOf(run, [executor({ inFlight: 1 })], { lacking: ['csv_query'] }).waits.of(run.state());
    expect(shown.waitingFor).toBe('Step load is queued: no executor has the tool csv_query.');
  });

  it('is nothing while a worker that takes no other call has this one', async () => {
    const run = drive({ steps: PLAN.steps.slice(0, 1) });
    const { waits } = waitsOf(run, [executor({ draining: true, inFlight: 1 })], { taken: ['load'] });
    expect((await waits.of(run.state())).shown.waitingFor).toBeNull();
  });

  it('is nothing, and nothing is read for it, where no call of it is open', async () => {
    const run = drive({ steps: [{ id: 'nap', kind: 'wait', input: { ms: 100 } }, ...PLAN.steps.slice(0, 1)] });
    run.answer('load', 1);
    expect(run.status('nap')).toBe('open');
    expect((await waitsOf(run, []).waits.of(run.state())).shown).toEqual({ waitingFor: 'Step nap waits until 1970-01-01T00:16:40.100Z.', waitingSince: SINCE });
  });
});
