import type { JsonValue, Plan } from '@trivet/contracts';
import { drive } from '../drive-for-tests.js';

const plan = (input: JsonValue): Plan => ({ steps: [{ id: 'pause', kind: 'wait', input }, { id: 'after', kind: 'tool', tool: 't', input: { got: { $: 'steps.pause.output' } } }] });

describe('a wait', () => {
  it('lasts its time', () => {
    const run = drive(plan({ ms: 700 }));
    expect(run.effects).toContainEqual({ do: 'timer', timer: 'wait-pause', delayMs: 700 });
    expect(run.state()).toMatchObject({ waiting: 1 });
    run.wait(700);
    run.fire('wait-pause');
    expect(run.step('after').input).toEqual({ got: {} });
  });

  it('lasts until a time, which may have passed', () => {
    expect(drive(plan({ until: '1970-01-01T00:20:00.000Z' })).effects).toContainEqual({ do: 'timer', timer: 'wait-pause', delayMs: 200_000 });
    expect(drive(plan({ until: '1970-01-01T00:00:00Z' })).status('after')).toBe('scheduled');
  });

  describe('for a signal', () => {
    it('ends with it and has its payload', () => {
      const run = drive(plan({ signal: 'go' }));
      run.tell({ type: 'signal', name: 'other', payload: null });
      expect(run.status('pause')).toBe('open');
      run.tell({ type: 'signal', name: 'go', payload: { n: 1 } });
      expect(run.step('after').input).toEqual({ got: { payload: { n: 1 } } });
      expect(run.state().signals).toEqual([{ name: 'other', payload: null }]);
    });

    it('takes one that came before it began', () => {
      const run = drive({ steps: [{ id: 'first', kind: 'tool', tool: 't' }, { id: 'pause', kind: 'wait', input: { signal: 'go' }, dependsOn: ['first'] }] });
      run.tell({ type: 'signal', name: 'go', payload: 'early' });
      run.answer('first', 1);
      expect(run.state()).toMatchObject({ status: 'completed', result: { pause: { payload: 'early' } }, signals: [] });
      expect(run.folded()).toMatchObject({ signals: [] });
    });

    it('fails when it does not come in time', () => {
      const run = drive(plan({ signal: 'go', timeoutMs: 50 }));
      run.wait(50);
      run.fire('wait-pause');
      expect(run.state()).toMatchObject({ status: 'failed', failure: { code: 'deadline_exceeded', message: expect.stringContaining('"go"') } });
    });
  });

  it('is as long as its expression says', () => {
    const run = drive(plan({ ms: { $: 'input.ms' } }), { input: { ms: 30 } });
    expect(run.effects).toContainEqual({ do: 'timer', timer: 'wait-pause', delayMs: 30 });
  });
});
