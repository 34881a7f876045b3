import type { Plan, Worker } from '@trivet/contracts';
import { drive } from '../workflow/drive-for-tests.js';
import { hindranceOf, needsOf, type Hands, type Need } from './queued-for.js';

const worker = (service: Worker['service'], more: Partial<Worker> = {}): Worker => ({ service, id: `${service}-1`, pid: 1, host: 'h', version: '1', startedAt: '2026-01-01T00:00:00.000Z', inFlight: 0, slots: 2, draining: false, ...more });
const CSV: Need = { tier: 'tool', tool: 'csv_query', everywhere: false };
const MODEL: Need = { tier: 'model', tool: null, everywhere: false };

/** @param having the executors that have csv_query; absent: all of them */
function textOf(workers: Worker[], { need = CSV, having, ready = 0, sent = 0 }: { need?: Need; having?: string[]; ready?: number; sent?: number } = {}): string | null {
  const hands: Hands = { workers: () => workers, mayHave: (id) => having?.includes(id) ?? true, depth: () => ({ tool: { ready, sent }, model: { ready, sent } }) };
  return hindranceOf(hands, need)?.text ?? null;
}

describe('a call that nobody takes', () => {
  it('names the tool or the tier that nobody runs, also where all who do are about to end', () => {
    expect(textOf([worker('model')])).toBe('no executor is running for the tool csv_query');
    expect(textOf([worker('executor', { draining: true })])).toBe('no executor is running for the tool csv_query');
    expect(textOf([worker('executor')], { need: MODEL })).toBe('no model service is running');
  });

  it('names the tool that no executor has, but for one that every executor can run', () => {
    expect(textOf([worker('executor')], { having: [] })).toBe('no executor has the tool csv_query');
    expect(textOf([worker('executor')], { having: [], need: { ...CSV, everywhere: true } })).toBeNull();
  });

  it('says that all slots are busy, and about how many calls are ahead of it', () => {
    const busy = [worker('executor', { inFlight: 2 }), worker('executor', { id: 'executor-2', inFlight: 3 })];
    expect(textOf(busy, { ready: 32, sent: 10 })).toBe('all 4 slots of 2 executors are busy, and about 37 calls are ahead of it');
    expect(textOf(busy, { ready: 1, sent: 5 })).toBe('all 4 slots of 2 executors are busy, and about 1 call is ahead of it');
    expect(textOf(busy, { sent: 5 })).toBe('all 4 slots of 2 executors are busy');
    expect(textOf([worker('executor', { slots: 1, inFlight: 1 })])).toBe('the only slot of 1 executor is busy');
    expect(textOf([worker('model', { slots: 64, inFlight: 64 })], { need: MODEL, ready: 100, sent: 80 })).toBe('all 64 slots of 1 model service are busy, and about 115 calls are ahead of it');
  });

  it('counts only executors that have the tool', () => {
    const workers = [worker('executor', { inFlight: 2 }), worker('executor', { id: 'executor-2' })];
    expect(textOf(workers, { having: ['executor-1'] })).toBe('all 2 slots of 1 executor that has the tool csv_query are busy');
    expect(textOf(workers, { having: ['executor-2'] })).toBeNull();
  });

  it('has nothing to say where there is a slot: calls that wait for somebody outside use none', () => {
    expect(textOf([worker('executor', { inFlight: 1 })])).toBeNull();
    expect(textOf([worker('executor', { inFlight: 6, waiting: 5 })])).toBeNull();
    // What one has at hand beyond its slots does not fill those of another.
    expect(textOf([worker('executor', { inFlight: 8 }), worker('executor', { id: 'executor-2', inFlight: 1 })])).toBeNull();
    expect(textOf([worker('executor', { inFlight: 6, waiting: 4 })])).toMatch(/^all 2 slots/);
  });
});

describe('what a workflow may need', () => {
  it('is each tool and tier of its steps once, also inside maps, and what its agents may call', () => {
    const plan: Plan = {
      steps: [
        { id: 'a', kind: 'tool', tool: 'search' },
        { id: 'b', kind: 'tool', tool: 'search' },
        { id: 'c', kind: 'map', over: [1], step: { id: 'item', kind: 'code', input: { code: '1' } } },
        { id: 'd', kind: 'agent', input: { goal: 'x', tools: ['shout'] } },
        { id: 'e', kind: 'wait', input: { ms: 1 } },
      ],
    };
    const tools = { shout: { digest: 'd', version: '1.0.0', description: 'x', input: {} }, 'search@2.0.0': { digest: 'd' } };
    expect(needsOf(drive(plan, {}, { tools }).state().accepted)).toEqual([
      { tier: 'tool', tool: 'search', everywhere: false },
      { tier: 'tool', tool: 'code_javascript', everywhere: false },
      { tier: 'model', tool: null, everywhere: false },
      { tier: 'tool', tool: 'shout', everywhere: true },
      { tier: 'tool', tool: 'search', everywhere: false },
    ]);
  });
});
