import type { AuditRow, BulkAnswer, Page, Workflow } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';

const WAITS = { steps: [{ id: 'wait', kind: 'wait', input: { signal: 'go', timeoutMs: 600_000 } }] };

describe('what operators do', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'] });
  });
  afterAll(() => stack.stop());

  const post = (path: string, body: object, tenant = 'default'): Promise<Response> => fetch(`${stack.url}${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json', 'X-Trivet-Tenant': tenant }, body: JSON.stringify(body) });
  const audited = async (action: string, tenant = 'default'): Promise<AuditRow[]> => (await stack.get<Page<AuditRow>>('/api/v1/audit?limit=200', { tenant })).items.filter((row) => row.action === action);

  describe('to many workflows at once', () => {
    const bulk = async (body: object, tenant?: string): Promise<BulkAnswer> => {
      const response = await post('/api/v1/workflows/bulk', body, tenant);
      if (!response.ok) throw new Error(await response.text());
      return (await response.json()) as BulkAnswer;
    };
    const statusOf = async (id: string): Promise<string> => (await stack.get<Workflow>(`/api/v1/workflows/${id}`)).status;

    beforeAll(async () => {
      for (let index = 0; index < 4; index += 1) await stack.submit({ goal: 'wait', workflowId: `w${index}`, labels: { team: index < 3 ? 'red' : 'blue' }, plan: WAITS });
      await stack.submit({ goal: 'wait', workflowId: 'theirs', labels: { team: 'red' }, plan: WAITS }, { tenant: 'acme' });
      await until(async () => (await Promise.all([0, 1, 2, 3].map((index) => statusOf(`w${index}`)))).every((status) => status === 'waiting'), 20_000, () => stack.logs());
    });

    it('does it to those that are named, and says of each other why not', async () => {
      const answer = await bulk({ action: 'pause', ids: ['w0', 'w1', 'w0', 'theirs', 'nobody'], reason: 'a look' });
      expect(answer).toMatchObject({ done: ['w0', 'w1'], nextCursor: null });
      expect(answer.refused).toEqual([
        { workflowId: 'theirs', problem: expect.objectContaining({ code: 'not_found', workflowId: 'theirs' }) },
        { workflowId: 'nobody', problem: expect.objectContaining({ code: 'not_found' }) },
      ]);
      expect(await statusOf('w0')).toBe('paused');
      expect((await audited('workflow.pause')).map(({ workflowId, detail }) => [workflowId, detail]).toSorted()).toEqual([['w0', 'a look'], ['w1', 'a look']]);
      expect((await bulk({ action: 'pause', ids: ['w0'] })).refused).toEqual([{ workflowId: 'w0', problem: expect.objectContaining({ code: 'state_conflict' }) }]);
    });

    it('does it to all that match and to which it may be done', async () => {
      expect(await bulk({ action: 'resume', filter: { label: 'team=red' } })).toEqual({ done: ['w1', 'w0'], refused: [], nextCursor: null });
      expect(await bulk({ action: 'cancel', filter: { label: ['team=red'], status: ['waiting', 'running'] }, reason: 'enough' })).toEqual({ done: ['w2', 'w1', 'w0'], refused: [], nextCursor: null });
      expect(await statusOf('w3')).toBe('waiting');
      expect(await audited('workflow.cancel')).toHaveLength(3);
      expect((await stack.get<Workflow>('/api/v1/workflows/theirs', { tenant: 'acme' })).status).toBe('waiting');
    });

    it.each<[object]>([
      [{ action: 'destroy', ids: ['w3'] }],
      [{ action: 'cancel' }],
      [{ action: 'cancel', ids: [] }],
      [{ action: 'cancel', ids: ['w3'], filter: {} }],
      [{ action: 'cancel', filter: { colour: 'red' } }],
      [{ action: 'cancel', filter: {}, cursor: 'nonsense' }],
      [{ action: 'cancel', filter: { from: 'yesterday-ish' } }],
      [{ action: 'cancel', ids: Array.from({ length: 201 }, (_, index) => `id-${index}`) }],
    ])('refuses a body that is not valid (case %#) and does nothing', async (body) => {
      expect((await post('/api/v1/workflows/bulk', body)).status).toBe(400);
      expect(await statusOf('w3')).toBe('waiting');
    });
  });
});
