import { connectBus, type Bus } from '@trivet/bus';
import type { AuditRow, BulkAnswer, DeadLetter, Page, Workflow } from '@trivet/contracts';
import { runTrivet, startStack, until, type Stack, type TrivetRun } from '@trivet/testing';

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

  describe('with dead letters', () => {
    const letters = async (tenant = 'default'): Promise<DeadLetter[]> => (await stack.get<Page<DeadLetter>>('/api/v1/dead', { tenant })).items;
    const trivet = (...words: string[]): Promise<TrivetRun> => runTrivet([...words, '--url', stack.url]);
    let bus: Bus;
    beforeAll(async () => {
      bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
    });
    afterAll(() => bus.close());

    /** A task whose template there is not, kept as a dead letter. */
    async function kill(workflowId: string, tenant: string, inBody: object = {}): Promise<DeadLetter> {
      await bus.publish(`trivet.v1.task.submit.${tenant}`, { goal: 'x', workflowId, plan: { steps: [{ id: 'a', kind: 'tool', tool: 'not_there_yet', input: {} }] }, ...inBody }, { headers: { 'ce-note': 'kept' } });
      let found: DeadLetter | undefined;
      await until(async () => {
        found = (await letters()).find((letter) => letter.body.includes(workflowId));
        return found !== undefined;
      }, 20_000, () => stack.logs());
      if (!found) throw new Error('unreachable: until() has seen it');
      return found;
    }

    it('sends one back to its stream as it was, once', async () => {
      const letter = await kill('late', 'default');
      expect(letter).toMatchObject({ stream: 'TASKS', requeuedAt: null, reason: expect.stringContaining('not_there_yet') });
      const requeued = await post(`/api/v1/dead/${letter.seq}/requeue`, { reason: 'the tool is there' });
      expect({ status: requeued.status, body: await requeued.json() }).toMatchObject({ status: 200, body: { seq: letter.seq, requeuedAt: expect.stringMatching(/^20/) } });
      // The tool is not there, so it comes back as a new letter: with what it was sent with.
      await until(async () => (await letters()).filter(({ body }) => body === letter.body).length === 2, 20_000, () => stack.logs());
      const again = (await letters()).find(({ body, seq }) => body === letter.body && seq !== letter.seq);
      expect(again?.headers).toMatchObject({ 'ce-note': 'kept' });
      const second = await post(`/api/v1/dead/${letter.seq}/requeue`, {});
      expect({ status: second.status, body: await second.json() }).toMatchObject({ status: 409, body: { code: 'state_conflict' } });
      expect(await audited('dead.requeue')).toEqual([expect.objectContaining({ target: `dead/${letter.seq}`, workflowId: 'late', detail: 'the tool is there' })]);
    });

    it('lets a tenant see and send its own only, and to itself only', async () => {
      const theirs = await kill('hidden', 'acme');
      expect(await letters('acme')).toEqual([]);
      for (const [verb, path] of [['POST', '/requeue'], ['DELETE', '']] as const) expect((await fetch(`${stack.url}/api/v1/dead/${theirs.seq}${path}`, { method: verb, headers: { 'X-Trivet-Tenant': 'other' } })).status).toBe(404);
      // A body that claims another tenant's name gets nothing onto the subject it came on.
      const claimed = await kill('claimed', 'default', { tenant: 'acme' });
      expect((await post(`/api/v1/dead/${claimed.seq}/requeue`, {}, 'acme')).status).toBe(404);
    });

    it('does so from the command line, and throws away what is not wanted', async () => {
      const letter = await kill('unwanted', 'default');
      expect(await trivet('dead', 'ls')).toMatchObject({ status: 0, stdout: expect.stringContaining('not_there_yet') });
      expect(await trivet('dead', 'requeue', String(letter.seq), '--reason', 'try')).toMatchObject({ status: 0, stdout: expect.stringContaining('sent back to TASKS') });
      expect(await trivet('dead', 'rm', String(letter.seq), '--reason', 'nobody wants it')).toMatchObject({ status: 0 });
      expect((await letters()).map(({ seq }) => seq)).not.toContain(letter.seq);
      expect((await trivet('dead', 'rm', String(letter.seq))).status).toBe(3);
      expect((await trivet('dead', 'rm', 'x')).status).toBe(2);
      expect((await audited('dead.remove'))[0]).toMatchObject({ target: `dead/${letter.seq}`, detail: 'nobody wants it', actor: 'cli' });
    });
  });
});
