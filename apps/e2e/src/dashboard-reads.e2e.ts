import { SERVICES, type Account, type Event, type Overview, type Page, type Workflow, type WorkflowCounts } from '@trivet/contracts';
import { itPerTier, startStack, until, type Stack } from '@trivet/testing';

const PLAN = { steps: [{ id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } }] };
const SINCE = expect.stringMatching(/^\d{4}-.+Z$/);
const ENDLESS = { steps: [{ id: 'wait', kind: 'wait', input: { signal: 'never', timeoutMs: 600_000 } }] };

describe('what a dashboard reads', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ without: ['model'], environment: { TRIVET_EXECUTOR_SLOTS: '2' } });
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

  it('sums up how the work goes, and what to look at', async () => {
    await stack.submit({ goal: 'divide', workflowId: 'o1', plan: { steps: [{ id: 'bad', kind: 'tool', tool: 'calculator', input: { expression: '1 +' } }] } }, { tenant: 'sums' });
    await stack.submit({ goal: 'ask', workflowId: 'o2', plan: { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Ship it?' } }] } }, { tenant: 'sums' });
    await stack.submit({ goal: 'add', workflowId: 'o3', plan: PLAN }, { tenant: 'sums' });
    for (const id of ['o1', 'o3']) await stack.ended(id, { tenant: 'sums' });
    let overview: Overview | undefined;
    await until(async () => {
      overview = await stack.get<Overview>('/api/v1/overview', { tenant: 'sums' });
      return overview.completed24h === 1 && overview.attention.length === 2;
    }, 20_000, () => JSON.stringify(overview));
    expect(overview).toMatchObject({ running: 0, waiting: 1, queued: 0, failed24h: 1, cancelled24h: 0, tokensToday: 0, nanoUsdToday: 0 });
    expect(overview?.durationMs?.p50).toBeGreaterThanOrEqual(0);
    expect(overview?.durationMs?.p95).toBe(overview?.durationMs?.p50);
    expect(overview?.perMinute).toHaveLength(60);
    expect(overview?.perMinute.reduce((total, { completed, failed }) => total + completed * 10 + failed, 0)).toBe(11);
    expect(overview?.attention.toSorted((left, right) => (left.kind < right.kind ? -1 : 1))).toEqual([
      expect.objectContaining({ kind: 'approval', workflowId: 'o2', title: 'ask', sentence: expect.stringContaining('Ship it?') }),
      expect.objectContaining({ kind: 'failed', workflowId: 'o1', title: 'divide', sentence: expect.stringContaining('tool_failed') }),
    ]);
    expect(overview?.services).toEqual(SERVICES.map((service) => ({ service, instances: stack.processes(service).length, version: stack.processes(service).length > 0 ? expect.stringMatching(/./) : '' })));
  });

  itPerTier('it bears every tier, so that none is missing')('says that a workflow is stuck where no service can do its step, and in the list, too, what it waits for', async () => {
    await stack.submit({ goal: 'summarise', workflowId: 'o4', plan: { steps: [{ id: 'say', kind: 'model', input: { messages: [{ role: 'user', content: 'hi' }] } }] } }, { tenant: 'stuck' });
    let overview: Overview | undefined;
    await until(async () => {
      overview = await stack.get<Overview>('/api/v1/overview', { tenant: 'stuck' });
      return overview.attention.length > 0;
    }, 60_000, () => JSON.stringify(overview));
    expect(overview?.attention).toEqual([expect.objectContaining({ kind: 'stuck', workflowId: 'o4', sentence: expect.stringContaining('no model service is running') })]);
    const waits = { waitingFor: 'Step say is queued: no model service is running.', waitingSince: SINCE };
    expect((await stack.get<Page<Workflow>>('/api/v1/workflows', { tenant: 'stuck' })).items).toEqual([expect.objectContaining(waits)]);
    expect(await stack.get<Workflow>('/api/v1/workflows/o4', { tenant: 'stuck' })).toMatchObject(waits);
  });

  it('says in the list, too, what each workflow waits for and since when', async () => {
    const tenant = 'listed';
    await stack.submit({ goal: 'ask', workflowId: 'w1', plan: { steps: [{ id: 'ask', kind: 'approval', input: { question: 'Ship it?' } }] } }, { tenant });
    await stack.submit({ goal: 'add', workflowId: 'w3', plan: PLAN }, { tenant });
    await stack.ended('w3', { tenant });
    await until(async () => (await stack.get<Workflow>('/api/v1/workflows/w1', { tenant })).status === 'waiting', 20_000, () => stack.logs());
    const { items } = await stack.get<Page<Workflow>>('/api/v1/workflows', { tenant });
    expect(items.find(({ workflowId }) => workflowId === 'w1')).toMatchObject({ waitingFor: 'Step ask waits for a decision: Ship it?', waitingSince: SINCE });
    expect(items.find(({ workflowId }) => workflowId === 'w3')).toMatchObject({ waitingFor: null });
    for (const item of items) expect(await stack.get<Workflow>(`/api/v1/workflows/${item.workflowId}`, { tenant })).toMatchObject({ waitingFor: item.waitingFor });
  });

  it('says that a call is in line where all slots are busy, and no longer once it has run', async () => {
    const tenant = 'crowded';
    const spin = { id: 'spin', kind: 'tool', tool: 'code_javascript', input: { code: 'for (;;) {}', timeoutMs: 10_000 } };
    // All of them are taken at once, and most wait in their executor.
    const count = 20 * stack.processes('executor').length;
    const submitted = await stack.submit({ goal: 'spin', workflowId: 'q1', plan: { steps: [{ id: 'all', kind: 'map', over: Array.from({ length: count }, (_, index) => index), parallel: count, step: spin }] } }, { tenant });
    expect([submitted.status, await submitted.json()]).toEqual([202, expect.objectContaining({ workflowId: 'q1' })]);
    let last: Page<Workflow> | undefined;
    await until(async () => {
      last = await stack.get<Page<Workflow>>('/api/v1/workflows', { tenant });
      return last.items.some(({ waitingFor }) => waitingFor !== null);
    }, 20_000, () => JSON.stringify(last));
    expect(last?.items[0]).toMatchObject({ status: 'running', waitingFor: expect.stringMatching(/^Step all--\d+ is queued: (all \d+ slots|the only slot) of \d executors? (is|are) busy, and about \d+ calls are ahead of it\.$/), waitingSince: expect.stringMatching(/Z$/) });
    // A matter of time, and nothing for an operator.
    expect((await stack.get<Overview>('/api/v1/overview', { tenant })).attention).toEqual([]);
    await fetch(`${stack.url}/api/v1/workflows/q1/cancel`, { method: 'POST', headers: { 'X-Trivet-Tenant': tenant } });
    await stack.submit({ goal: 'add', workflowId: 'q2', plan: PLAN }, { tenant });
    expect(await stack.ended('q2', { tenant })).toMatchObject({ status: 'completed', waitingFor: null });
  });

  it('lists the accounts with limits or use, page by page, and those of the own tenant only', async () => {
    const put = (account: string, tenant: string) => fetch(`${stack.url}/api/v1/budgets/${account}`, { method: 'PUT', headers: { 'Content-Type': 'application/json', 'X-Trivet-Tenant': tenant }, body: '{"windows":[{"window":"total","limitTokens":1000}]}' });
    for (const account of ['tenant/books', 'user/ann', 'user/bob', 'session/s1', 'user/cat']) expect((await put(account, 'books')).status).toBe(200);
    await stack.submit({ goal: 'x', workflowId: 'b1', user: 'dan', budget: { tokens: 5 }, plan: PLAN }, { tenant: 'books' });
    await stack.submit({ goal: 'x', workflowId: 'b2', plan: PLAN }, { tenant: 'books' });
    const all: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page: Page<Account> = await stack.get(`/api/v1/budgets?limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`, { tenant: 'books' });
      all.push(...page.items.map(({ account }) => account));
      expect(page.items.length).toBeLessThanOrEqual(2);
      cursor = page.nextCursor;
    }
    expect(all).toEqual(['tenant/books', 'session/s1', 'user/ann', 'user/bob', 'user/cat', 'workflow/b1']);
    const names = async (query: string, tenant: string) => (await stack.get<Page<Account>>(`/api/v1/budgets${query}`, { tenant })).items.map(({ account }) => account);
    expect(await names('?scope=user', 'books')).toEqual(['user/ann', 'user/bob', 'user/cat']);
    expect(await names('?scope=session', 'books')).toEqual(['session/s1']);
    expect(await names('?scope=workflow', 'books')).toEqual(['workflow/b1']);
    expect(await names('?scope=global', 'books')).toEqual([]);
    expect(await names('', 'strangers')).toEqual([]);
    await put('global/global', 'default');
    expect(await names('?scope=global', 'default')).toEqual(['global/global']);
    for (const query of ['scope=planet', 'cursor=x', 'limit=0']) expect([query, (await fetch(`${stack.url}/api/v1/budgets?${query}`)).status]).toEqual([query, 400]);
  });

  describe('the stream of facts', () => {
    it('has what happens in all workflows of the tenant, of the types asked for, and not what happens in others', async () => {
      const facts = await follow(stack.url, '?types=workflow.*,task.accepted');
      await stack.submit({ goal: 'theirs', workflowId: 's0', plan: PLAN }, { tenant: 'acme' });
      await stack.ended('s0', { tenant: 'acme' });
      for (const workflowId of ['s1', 's2']) await stack.submit({ goal: 'ours', workflowId, plan: PLAN });
      const seen = await facts.until((items) => items.filter(({ type }) => type === 'workflow.completed').length === 2);
      expect(new Set(seen.map(({ data }) => data.workflowId))).toEqual(new Set(['s1', 's2']));
      expect(new Set(seen.map(({ type }) => type))).toEqual(new Set(['task.accepted', 'workflow.started', 'workflow.completed']));
      expect(seen.map(({ id }) => id)).toEqual(seen.map(({ id }) => id).toSorted((left, right) => left - right));
    });

    it('goes on after the last id without a gap or a repeat, also over a restart of every orchestrator', async () => {
      const first = await follow(stack.url, '');
      await stack.submit({ goal: 'ours', workflowId: 's3', plan: PLAN });
      const seen = await first.until((items) => items.length >= 2);
      first.close();
      for (const orchestrator of stack.processes('orchestrator')) orchestrator.kill();
      await stack.submit({ goal: 'ours', workflowId: 's4', plan: PLAN });
      const whole = (items: Fact[]): boolean => ['s3', 's4'].every((id) => items.some(({ type, data }) => type === 'workflow.completed' && data.workflowId === id));
      await stack.ended('s4');
      const rest = await (await follow(stack.url, '', seen[1]?.id)).until((items) => whole(items));
      for (const id of ['s3', 's4']) {
        const seqs = [...seen.slice(0, 2), ...rest].filter(({ data }) => data.workflowId === id).map(({ data }) => data.seq);
        expect(seqs).toEqual(Array.from({ length: seqs.length }, (_, index) => index + 1));
      }
    });

    it('names the types there are to one who asks for another', async () => {
      const response = await fetch(`${stack.url}/api/v1/stream?types=workflow.done`);
      expect({ status: response.status, body: await response.json() }).toMatchObject({ status: 400, body: { code: 'invalid_request', detail: expect.stringContaining('workflow.done'), hint: expect.stringContaining('workflow.completed') } });
      expect((await fetch(`${stack.url}/api/v1/stream`, { headers: { 'Last-Event-ID': 'x' } })).status).toBe(400);
    });
  });
});

interface Fact {
  id: number;
  type: string;
  data: Event;
}

/** Reads a stream of server-sent events; what came so far is looked at after each piece. */
async function follow(url: string, query: string, lastId?: number): Promise<{ until: (done: (items: Fact[]) => boolean) => Promise<Fact[]>; close: () => void }> {
  const controller = new AbortController();
  const response = await fetch(`${url}/api/v1/stream${query}`, { signal: controller.signal, headers: lastId === undefined ? {} : { 'Last-Event-ID': String(lastId) } });
  if (!response.ok || !response.body) throw new Error(`the stream answered ${response.status}`);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const items: Fact[] = [];
  let text = '';
  return {
    until: async (done) => {
      const deadline = setTimeout(() => controller.abort(new Error(`not in 30 s: ${JSON.stringify(items.map(({ type, data }) => [type, data.workflowId]))}`)), 30_000);
      while (!done(items)) {
        const { value, done: ended } = await reader.read();
        if (ended) throw new Error('the stream ended');
        text += value;
        const frames = text.split('\n\n');
        text = frames.pop() ?? '';
        items.push(...frames.flatMap((frame) => factOf(frame)));
      }
      clearTimeout(deadline);
      return items;
    },
    close: () => controller.abort(),
  };
}

function factOf(frame: string): Fact[] {
  const fields = new Map(frame.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]));
  const data = fields.get('data');
  return data === undefined ? [] : [{ id: Number(fields.get('id')), type: fields.get('event') ?? '', data: JSON.parse(data) }];
}
