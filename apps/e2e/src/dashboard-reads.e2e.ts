import type { Event, Page, Workflow, WorkflowCounts } from '@trivet/contracts';
import { startStack, type Stack } from '@trivet/testing';

const PLAN = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } }] };
const ENDLESS = { steps: [{ id: 'wait', kind: 'wait', input: { signal: 'never', timeoutMs: 600_000 } }] };

describe('what a dashboard reads', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
  });
  afterAll(() => stack.stop());

  it('counts workflows by status, as the filters let them through, and of the own tenant only', async () => {
    for (const [workflowId, team] of [['c1', 'red'], ['c2', 'red'], ['c3', 'blue']] as const) await stack.submit({ goal: 'count me', workflowId, labels: { team }, plan: PLAN });
    await stack.submit({ goal: 'count me', workflowId: 'c4', labels: { team: 'red' }, plan: ENDLESS });
    await stack.submit({ goal: 'count me', workflowId: 'c5', plan: PLAN }, { tenant: 'acme' });
    for (const id of ['c1', 'c2', 'c3']) await stack.ended(id);
    await fetch(`${stack.url}/api/v1/workflows/c4/cancel`, { method: 'POST' });
    const none = { accepted: 0, running: 0, waiting: 0, paused: 0, completed: 0, failed: 0, cancelled: 0 };
    const counts = (query: string, tenant?: string) => stack.get<WorkflowCounts>(`/api/v1/workflows/counts${query}`, tenant ? { tenant } : {});
    expect(await counts('')).toEqual({ counts: { ...none, completed: 3, cancelled: 1 }, total: 4 });
    expect(await counts('?label=team%3Dred&status=completed')).toEqual({ counts: { ...none, completed: 2, cancelled: 1 }, total: 3 });
    expect(await counts('?label=team%3Dred&label=team%3Dblue')).toMatchObject({ total: 4 });
    expect(await counts('?q=c3')).toEqual({ counts: { ...none, completed: 1 }, total: 1 });
    expect(await counts('?from=2999-01-01')).toMatchObject({ total: 0 });
    expect(await counts('', 'acme')).toEqual(expect.objectContaining({ total: 1 }));
  });

  it('lists workflows of several statuses', async () => {
    const ids = async (query: string) => (await stack.get<Page<Workflow>>(`/api/v1/workflows${query}`)).items.map(({ workflowId }) => workflowId);
    expect(await ids('?status=cancelled&status=failed')).toEqual(['c4']);
    expect(await ids('?status=cancelled&status=completed')).toEqual(['c4', 'c3', 'c2', 'c1']);
    const first = await stack.get<Page<Workflow>>('/api/v1/workflows?limit=3');
    expect(await ids(`?limit=3&cursor=${first.nextCursor ?? ''}`)).toEqual(['c1']);
  });

  it('reads events from the end', async () => {
    const read = async (query: string) => (await stack.get<Page<Event>>(`/api/v1/workflows/c1/events${query}`)).items.map(({ seq }) => seq);
    const all = await read('');
    const last = all.length;
    expect(await read('?tail=2')).toEqual([last - 1, last]);
    expect(await read(`?tail=2&before=${last - 1}`)).toEqual([last - 3, last - 2]);
    expect(await read('?tail=2&before=2')).toEqual([1]);
    expect(await read('?tail=2&before=1')).toEqual([]);
    expect(await read('?tail=2&before=999')).toEqual([last - 1, last]);
    expect((await fetch(`${stack.url}/api/v1/workflows/c1/events?tail=1001`)).status).toBe(400);
  });
});
