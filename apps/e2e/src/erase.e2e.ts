import { connectBus, type Bus } from '@trivet/bus';
import type { AuditRow, Problem, StoredFile, Workflow } from '@trivet/contracts';
import { connectRedis, type Redis } from '@trivet/state';
import { runTrivet, startStack, until, type Stack } from '@trivet/testing';

const ask = { id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'Summarise: Ann likes tea. She drinks it at four. It is green.' }], maxTokens: 50 } };
const sum = { id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } };
const child = { id: 'child', kind: 'workflow', input: { goal: 'below', plan: { steps: [sum] } } };

describe('erasing', () => {
  let stack: Stack;
  let bus: Bus;
  let redis: Redis;
  beforeAll(async () => {
    stack = await startStack({ crash: { service: 'orchestrator', at: 'orchestrator.after-erase-record' } });
    bus = await connectBus({ url: stack.servers.nats.url, name: 'another-system' });
    redis = connectRedis({ url: stack.servers.redis.url, name: 'e2e' });
  });
  afterAll(async () => {
    redis.disconnect();
    await bus.close();
    await stack.stop();
  });

  const send = (method: string, path: string, { tenant, body, reason }: { tenant?: string; body?: object; reason?: string } = {}): Promise<Response> =>
    fetch(`${stack.url}${path}`, { method, headers: { ...(body && !(body instanceof FormData) ? { 'Content-Type': 'application/json' } : {}), ...(tenant ? { 'X-Trivet-Tenant': tenant } : {}), ...(reason ? { 'X-Trivet-Reason': encodeURIComponent(reason) } : {}) }, ...(body ? { body: body instanceof FormData ? body : JSON.stringify(body) } : {}), signal: AbortSignal.timeout(10_000) });
  const problemOf = async (response: Promise<Response>): Promise<Problem> => (await (await response).json()) as Problem;
  const run = async (workflowId: string, steps: readonly object[], tenant?: string): Promise<Workflow> => {
    const options = tenant ? { tenant } : {};
    await stack.submit({ goal: 'secret plans', workflowId, user: 'ann', plan: { steps } }, options);
    return stack.ended(workflowId, options);
  };
  /** The names of keys, and the values of those that are looked into for names of workflows, that match. */
  const keysWith = async (pattern: RegExp): Promise<string[]> => [...(await redis.keys('*')), ...(await redis.hvals('{recovery}:witnesses'))].filter((text) => pattern.test(text));
  const journaled = (name: string): Promise<number> => bus.countOf('EVENTS', `trivet.v1.event.${name}.>`);
  const listed = async (tenant = 'default'): Promise<string[]> => (await stack.get<{ items: Workflow[] }>('/api/v1/workflows?limit=200', { tenant })).items.map(({ workflowId }) => workflowId);
  const statusOf = async (id: string, tenant?: string): Promise<number> => (await send('GET', `/api/v1/workflows/${id}`, tenant ? { tenant } : {})).status;
  const isBack = (id: string, tenant?: string): Promise<void> => until(async () => (await statusOf(id, tenant)) === 200, 8_000, () => stack.logs());
  let childId = '';

  it('refuses what has not ended, and what there is not, with what to do', async () => {
    await stack.submit({ goal: 'x', workflowId: 'open', plan: { steps: [{ id: 'sign', kind: 'wait', input: { signal: 'go' } }] } }, { tenant: 'acme' });
    await until(async () => (await stack.get<Workflow>('/api/v1/workflows/open', { tenant: 'acme' })).status === 'waiting', 20_000);
    expect(await problemOf(send('DELETE', '/api/v1/workflows/open', { tenant: 'acme' }))).toMatchObject({ code: 'state_conflict', hint: expect.stringContaining('Cancel it first') });
    expect(await problemOf(send('DELETE', '/api/v1/tenants/acme'))).toMatchObject({ code: 'state_conflict', detail: expect.stringContaining('1 workflow of the tenant acme has not ended') });
    expect((await send('DELETE', '/api/v1/workflows/open')).status).toBe(404);
    expect((await send('DELETE', '/api/v1/tenants/nobody')).status).toBe(404);
    expect(await problemOf(send('DELETE', '/api/v1/tenants/default'))).toMatchObject({ code: 'state_conflict' });
    await send('POST', '/api/v1/workflows/open/signal', { tenant: 'acme', body: { name: 'go' } });
    await stack.ended('open', { tenant: 'acme' });
  });

  it('takes a workflow and its child out of Redis and the journal, also when the orchestrator dies half-way and it is asked again', async () => {
    await run('stays', [ask]);
    await stack.submit({ goal: 'secret plans', workflowId: 'gone', user: 'ann', plan: { steps: [ask, child] } });
    expect((await stack.ended('gone')).status).toBe('completed');
    childId = (await stack.steps('gone')).find((step) => step.id === 'child')?.childWorkflowId ?? '';
    await until(async () => (await journaled('default.gone')) > 5 && (await bus.countOf('SPANS', 'trivet.v1.span.default.gone')) > 0, 20_000);
    await Promise.all([stack.servers.redis.keepCopy(), stack.servers.nats.keepCopy()]);
    await isBack('gone');
    expect(await keysWith(/gone/)).not.toEqual([]);
    const erase = (): Promise<number> => send('DELETE', '/api/v1/workflows/gone', { reason: 'Ann asked' }).then(({ status }) => status, () => 0);
    expect(await erase()).toBe(0);
    await isBack('stays');
    expect(await statusOf('gone')).toBe(404);
    expect(await journaled('default.gone')).toBeGreaterThan(0);
    await until(async () => (await erase()) === 204, 20_000, () => stack.logs());
    await expectGone();
    expect(await erase()).toBe(404);
    const { items } = await stack.get<{ items: AuditRow[] }>('/api/v1/audit?limit=200');
    expect(items.find((row) => row.action === 'workflow.erase' && row.target === 'workflow/gone')).toMatchObject({ reason: 'Ann asked', workflowId: 'gone' });
  });

  async function expectGone(): Promise<void> {
    expect(childId).toMatch(/^child-/);
    for (const id of ['gone', childId]) {
      expect(await statusOf(id)).toBe(404);
      expect(await keysWith(new RegExp(id))).toEqual([expect.stringMatching(new RegExp(`:tomb:default:${id}$`))]);
      expect(await journaled(`default.${id}`)).toBe(0);
    }
    const submitAgain = (): Promise<Problem> => problemOf(stack.submit({ goal: 'secret plans', workflowId: 'gone', user: 'ann', plan: { steps: [ask, child] } }));
    await until(async () => (await submitAgain()).code !== 'unavailable', 8_000, () => stack.logs());
    expect(await submitAgain()).toMatchObject({ code: 'workflow_conflict', detail: expect.stringContaining('was erased') });
    expect(await listed()).not.toContain('gone');
  }

  it('takes all of a tenant out but its audit', async () => {
    const rival = await run('kept', [ask], 'acme-2');
    expect(rival.status).toBe('completed');
    expect(await run('theirs', [ask, child, { id: 'note', kind: 'tool', tool: 'memory_write', input: { entries: [{ text: 'Ann likes tea.' }] } }], 'acme')).toMatchObject({ status: 'completed' });
    for (const tenant of ['acme', 'acme-2']) {
      const form = new FormData();
      form.append('file', new Blob([`of ${tenant}`]), 'notes.txt');
      expect((await send('POST', '/api/v1/files', { tenant, body: form })).status).toBe(201);
    }
    const given: [string, string, object][] = [
      ['PUT', '/api/v1/prompts/greet', { description: 'd', input: { type: 'object', properties: {} }, user: 'hello' }],
      ['PUT', '/api/v1/budgets/user/ann', { windows: [{ window: 'total', limitTokens: 5_000 }] }],
      ['POST', '/api/v1/schedules', { id: 'yearly', cron: '0 0 1 1 *', task: { goal: 'x', plan: { steps: [sum] } } }],
      ['PUT', '/api/v1/policies/acme', { maxRunning: 3 }],
    ];
    for (const [method, path, body] of given) expect({ path, ok: (await send(method, path, { tenant: 'acme', body })).ok }).toEqual({ path, ok: true });
    const cli = async (...words: string[]): Promise<{ status: number | null; text: string }> => {
      const { status, stdout, stderr } = await runTrivet(['tenants', 'erase', 'acme', '--url', stack.url, ...words]);
      return { status, text: stdout + stderr };
    };
    expect(await cli()).toMatchObject({ status: 2, text: expect.stringContaining('--yes') });
    expect(await cli('--yes', '--reason', 'contract ended')).toEqual({ status: 0, text: expect.stringContaining('the tenant acme is erased') });
    await expectTenantGone();
    expect((await send('DELETE', '/api/v1/tenants/acme')).status).toBe(404);
    expect((await stack.get<{ items: AuditRow[] }>('/api/v1/audit?limit=5')).items.find((row) => row.action === 'tenant.erase')).toMatchObject({ target: 'tenant/acme', reason: 'contract ended' });
  });

  async function expectTenantGone(): Promise<void> {
    expect(await keysWith(/acme(?!-2)/)).toEqual(['{audit}:acme']);
    expect(await journaled('acme')).toBe(await journaled('acme._facts'));
    const facts = (await bus.read('EVENTS', { subject: 'trivet.v1.event.acme._facts.>', limit: 1_000 })).map(({ data }) => (JSON.parse(new TextDecoder().decode(data)) as { data: { fact: { kind: string } } }).data.fact.kind);
    expect([...new Set(facts)].toSorted()).toEqual(['audit', 'tenant-erased']);
    expect(await stack.get('/api/v1/audit/verify', { tenant: 'acme' })).toMatchObject({ brokenAt: null });
    expect((await stack.get<{ items: AuditRow[] }>('/api/v1/audit?limit=200', { tenant: 'acme' })).items.map(({ action }) => action)).toContain('task.submit');
    expect((await stack.get<{ items: StoredFile[] }>('/api/v1/files', { tenant: 'acme-2' })).items).toHaveLength(1);
  }

  it('holds when the journal goes back to a copy that has it all', async () => {
    // Who took over from the one that died does not have all its partitions yet.
    await until(async () => (await bus.countOf('EVENTS', 'trivet.v1.event.acme-2.kept.workflow.completed')) === 1, 20_000, () => stack.logs());
    const before = await journaled('acme-2.kept');
    await stack.servers.nats.goBack();
    await until(async () => (await journaled('default.gone')) > 0 || (await journaled('default._facts')) > 0, 20_000, () => stack.logs());
    expect(await statusOf('gone')).toBe(404);
    await until(async () => (await journaled('default.gone')) + (await journaled(`default.${childId}`)) === 0 && (await journaled('acme')) === (await journaled('acme._facts')) && (await journaled('acme')) > 0, 20_000, () => stack.logs());
    await expectGone();
    await expectTenantGone();
    // Until then it is in Redis alone, which goes back next.
    await until(async () => (await journaled('acme-2.kept')) === before, 20_000, () => stack.logs());
  });

  it('holds when Redis goes back to a copy that has it all, and when it is rebuilt from nothing', async () => {
    await stack.servers.redis.goBack();
    // Until Redis is compared with the journal, it is read as it stands.
    await until(async () => (await listed('acme-2')).includes('kept') && !(await listed()).includes('gone'), 8_000, () => stack.logs());
    await expectGone();
    await expectTenantGone();
    await stack.servers.redis.wipe();
    await until(async () => (await listed()).includes('stays') && (await listed('acme-2')).includes('kept'), 8_000, () => stack.logs());
    await expectGone();
    await expectTenantGone();
    expect(await run('next', [sum], 'acme')).toMatchObject({ status: 'completed' });
  });
});
