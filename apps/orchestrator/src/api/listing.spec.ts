import { decodeCursor, encodeCursor, matches, parseListQuery } from './listing.js';

const accepted = { tenant: 'a', workflowId: 'wf-1', task: { goal: 'Analyse Nimbus', labels: { env: 'test', team: 'blue' } }, plan: { steps: [] }, template: 'research', templateDigest: null, source: 'http', bodyHash: 'h', traceparent: null, createdAt: '2026-01-02T00:00:00.000Z' } as const;
const head = { status: 'completed' as const, done: 1, total: 1, calling: 0, waiting: 0, children: 0, signals: [] as { name: string; payload: null }[], paused: null, deadlineAt: null, startedAt: null, finishedAt: null };
const match = (query: Record<string, unknown>): boolean => matches(parseListQuery(query), { ...accepted, plan: { steps: [] } }, head);

describe('a list query', () => {
  it.each<[Record<string, unknown>, boolean]>([
    [{}, true],
    [{ status: 'completed' }, true],
    [{ status: 'failed' }, false],
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

  it.each([{ limit: '0' }, { limit: '201' }, { status: 'odd' }, { label: 'x' }, { from: 'yesterday-ish' }])('%j is refused', (query) => {
    expect(() => parseListQuery(query)).toThrow(/not valid/);
  });

  it('gives cursors that only it can read', () => {
    expect(decodeCursor(encodeCursor({ createdMs: 5, workflowId: 'a.b' }))).toEqual({ createdMs: 5, workflowId: 'a.b' });
    expect(() => decodeCursor('nonsense')).toThrow(/not one that a list gave/);
  });
});
