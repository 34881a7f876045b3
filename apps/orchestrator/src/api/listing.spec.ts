import type { Glance } from './glances.js';
import { decodeCursor, encodeCursor, matches, parseListQuery } from './listing.js';

const glance: Glance = { workflowId: 'wf-1', createdMs: Date.parse('2026-01-02'), status: 'completed', goal: 'Analyse Nimbus', template: 'research', labels: { env: 'test', team: 'blue' }, finishedAt: null, failure: null, gated: false };
const match = (query: Record<string, unknown>): boolean => matches(parseListQuery(query), glance);

describe('a list query', () => {
  it.each<[Record<string, unknown>, boolean]>([
    [{}, true],
    [{ status: 'completed' }, true],
    [{ status: 'failed' }, false],
    [{ status: ['failed', 'completed'] }, true],
    [{ status: ['failed', 'cancelled'] }, false],
    [{ template: 'research' }, true],
    [{ q: 'nimbus' }, true],
    [{ q: 'WF-1' }, true],
    [{ q: 'other' }, false],
    [{ label: 'env=test' }, true],
    [{ label: ['env=prod', 'env=test'] }, true],
    [{ label: ['env=test', 'team=red'] }, false],
    [{ label: 'constructor=x' }, false],
    [{ from: '2026-01-01', to: '2026-01-03' }, true],
    [{ from: '2026-01-03' }, false],
  ])('%j matches: %s', (query, expected) => {
    expect(match(query)).toBe(expected);
  });

  it.each([{ limit: '0' }, { limit: '201' }, { status: 'odd' }, { status: ['failed', 'odd'] }, { label: 'x' }, { from: 'yesterday-ish' }])('%j is refused', (query) => {
    expect(() => parseListQuery(query)).toThrow(/not valid/);
  });

  it('gives cursors that only it can read', () => {
    expect(decodeCursor(encodeCursor({ createdMs: 5, workflowId: 'a.b' }))).toEqual({ createdMs: 5, workflowId: 'a.b' });
    expect(() => decodeCursor('nonsense')).toThrow(/not one that a list gave/);
  });
});
