import type { StoredMessage } from '@trivet/bus';
import { refill } from './refill.js';

const ref = { tenant: 'acme', workflowId: 'wf' };
const upTo = (last: number, first = 1): number[] => Array.from({ length: last - first + 1 }, (_, index) => first + index);
const stored = (seq: number): StoredMessage => ({ subject: 'trivet.v1.event.acme.wf.step.completed', seq, time: '', data: new Uint8Array(), headers: { 'ce-id': `wf.${seq}` } });

/** A workflow of so many events, of which so many are marked as journaled, and what the journal holds of them. */
async function refilled({ length, marked, journal }: { length: number | 'expired'; marked: number; journal: number[] }): Promise<{ isWhole: boolean; from: number | null }> {
  let from: number | null = null;
  const isWhole = await refill({
    bus: { countOf: async () => journal.length, read: async () => journal.map(stored) },
    state: {
      workflows: async function* () {
        yield ref;
      },
      lengths: async () => [length === 'expired' ? length : { seq: length }],
      rejournal: async (_, start) => void (from = start),
    },
    journal: { journaledUpTo: async () => marked },
    facts: { again: async () => undefined },
    logger: { warn: () => undefined },
  });
  return { isWhole, from };
}

describe('a journal that lost what it had', () => {
  it('is filled from the beginning when it holds nothing of a workflow', async () => {
    expect(await refilled({ length: 12, marked: 12, journal: [] })).toEqual({ isWhole: false, from: 0 });
  });

  it('is filled from where it ends', async () => {
    expect(await refilled({ length: 12, marked: 12, journal: upTo(7) })).toEqual({ isWhole: false, from: 7 });
  });

  it('is filled from the first gap when later events came since, of which there are as many as are missing', async () => {
    expect(await refilled({ length: 12, marked: 12, journal: upTo(12, 8) })).toEqual({ isWhole: false, from: 0 });
    expect(await refilled({ length: 12, marked: 12, journal: [1, 2, 3, ...upTo(12, 8)] })).toEqual({ isWhole: false, from: 3 });
  });

  it('is whole when it holds all that is marked: the rest is on its way', async () => {
    expect(await refilled({ length: 12, marked: 12, journal: upTo(12) })).toEqual({ isWhole: true, from: null });
    expect(await refilled({ length: 12, marked: 8, journal: upTo(9) })).toEqual({ isWhole: true, from: null });
    expect(await refilled({ length: 12, marked: 0, journal: [] })).toEqual({ isWhole: true, from: null });
  });

  it('misses nothing of a workflow that has left Redis', async () => {
    expect(await refilled({ length: 'expired', marked: 0, journal: [] })).toEqual({ isWhole: true, from: null });
  });
});
