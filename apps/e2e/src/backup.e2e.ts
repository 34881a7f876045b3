import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectBus } from '@trivet/bus';
import type { Account, Approval, AuditRow, Event, StoredFile, Workflow } from '@trivet/contracts';
import { startServers, startStack, until, type Stack, type TestServers } from '@trivet/testing';

const TRIVET = fileURLToPath(new URL('../../../bin/trivet.mjs', import.meta.url));
const ask = { id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'Summarise: Ann likes tea. She drinks it at four. It is green.' }], maxTokens: 50 } };
const sum = { id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } };
const askFirst = [ask, { id: 'sign', kind: 'approval', input: { question: 'Go on?' }, dependsOn: ['ask'] }, { ...sum, dependsOn: ['sign'] }];

describe('a backup', () => {
  let folder: string;
  let stack: Stack | undefined;
  let restored: TestServers | undefined;
  beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'trivet-backup-'))));
  afterAll(async () => {
    await stack?.stop();
    await restored?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = (servers: TestServers, ...words: string[]): Promise<{ code: number; text: string }> =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, [TRIVET, ...words], { env: { PATH: process.env['PATH'], TRIVET_NATS_URL: servers.nats.url, TRIVET_REDIS_URL: servers.redis.url } }, (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, text: stdout + stderr }));
    });
  const upload = (name: string): FormData => {
    const form = new FormData();
    form.append('file', new Blob(['kept']), name);
    return form;
  };
  /** What has to be the same before and after. */
  const read = async (from: Stack): Promise<object> => ({
    done: await from.get<Workflow>('/api/v1/workflows/done'),
    steps: await from.steps('done'),
    events: (await from.get<{ items: Event[] }>('/api/v1/workflows/open/events?limit=500')).items,
    accounts: await Promise.all(['tenant/default', 'user/ann', 'workflow/done'].map((account) => from.get<Account>(`/api/v1/budgets/${account}`))),
    approvals: (await from.get<{ items: Approval[] }>('/api/v1/approvals')).items,
    files: (await from.get<{ items: StoredFile[] }>('/api/v1/files')).items,
  });

  it('of servers at work is restored into empty ones: what had ended is there, what was open goes on, and budgets and audit are exact', async () => {
    const first = await startStack();
    stack = first;
    await fetch(`${first.url}/api/v1/budgets/user/ann`, { method: 'PUT', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ windows: [{ window: 'total', limitTokens: 100_000 }] }) });
    await fetch(`${first.url}/api/v1/files`, { method: 'POST', body: upload('notes.txt') });
    await first.submit({ goal: 'x', workflowId: 'done', user: 'ann', plan: { steps: [ask, sum] } });
    await first.submit({ goal: 'x', workflowId: 'open', user: 'ann', plan: { steps: askFirst } });
    expect(await first.ended('done')).toMatchObject({ status: 'completed' });
    await until(async () => (await first.get<Workflow>('/api/v1/workflows/open')).status === 'waiting', 20_000, () => first.logs());
    const before = await read(first);
    const place = join(folder, 'one');
    // Work goes on meanwhile: what is only half in the copy of Redis is whole in the journal.
    const busy = Array.from({ length: 20 }, (_, index) => `busy-${index}`);
    const [taken] = await Promise.all([cli(first.servers, 'backup', place), ...busy.map((workflowId) => first.submit({ goal: 'x', workflowId, plan: { steps: [sum] } }))]);
    expect(taken).toEqual({ code: 0, text: expect.stringContaining('holds the work of all tenants') });
    expect(readdirSync(place).toSorted()).toEqual(['CALLS.snapshot', 'DEAD.snapshot', 'EVENTS.snapshot', 'RESULTS.snapshot', 'TASKS.snapshot', 'backup.json', 'redis.keys']);
    expect(await cli(first.servers, 'backup', place)).toEqual({ code: 2, text: expect.stringContaining('is not empty') });
    expect(await cli(first.servers, 'restore', place)).toEqual({ code: 4, text: expect.stringMatching(/empty servers only; Redis has \d+ keys, and NATS has the streams .*EVENTS \(\d+ messages\)/) });
    await first.stop();

    restored = await startServers();
    const { nats, redis } = restored;
    const kept = readFileSync(join(place, 'redis.keys'));
    writeFileSync(join(place, 'redis.keys'), Buffer.concat([kept.subarray(0, -1), Buffer.from([(kept.at(-1) ?? 0) ^ 1])]));
    expect(await cli(restored, 'restore', place)).toEqual({ code: 2, text: expect.stringContaining('redis.keys has changed since the backup was made') });
    writeFileSync(join(place, 'redis.keys'), kept);
    expect(await cli(restored, 'restore', place)).toEqual({ code: 0, text: expect.stringMatching(/\d keys restored[^]*EVENTS, \d+ messages restored/) });

    const second = await startStack({ servers: { nats, redis, stop: () => Promise.resolve() } });
    stack = second;
    await until(async () => (await second.get<{ items: Workflow[] }>('/api/v1/workflows')).items.length >= 2, 30_000, () => second.logs());
    expect(await read(second)).toEqual(before);
    const [approval] = (await second.get<{ items: Approval[] }>('/api/v1/approvals')).items;
    await fetch(`${second.url}/api/v1/approvals/${approval?.id}/decide`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ decision: 'approve' }) });
    expect(await second.ended('open')).toMatchObject({ status: 'completed', result: { sum: { value: 42 } } });
    await expectExact(second, busy);
  });

  /** Every workflow that the journal knew has ended well, each step once. */
  async function expectExact(second: Stack, busy: readonly string[]): Promise<void> {
    const { items } = await second.get<{ items: Workflow[] }>('/api/v1/workflows?limit=200');
    for (const { workflowId } of items.filter((each) => busy.includes(each.workflowId))) {
      expect(await second.ended(workflowId)).toMatchObject({ status: 'completed' });
      expect((await second.steps(workflowId)).map(({ calls }) => calls.filter(({ outcome }) => outcome === 'completed').length)).toEqual([1]);
    }
    const total = (await second.get<Account>('/api/v1/budgets/tenant/default')).windows.find(({ window }) => window === 'total');
    const used = await Promise.all(['done', 'open'].map(async (id) => (await second.get<Workflow>(`/api/v1/workflows/${id}`)).budget.usedTokens));
    expect(total).toMatchObject({ usedTokens: used.reduce((sumOfAll, each) => sumOfAll + each, 0), heldTokens: 0 });
    expect(used[0]).toBeGreaterThan(0);
    expect(await second.get('/api/v1/audit/verify')).toMatchObject({ brokenAt: null });
    expect((await second.get<{ items: AuditRow[] }>('/api/v1/audit?limit=200')).items.map(({ target }) => target)).toEqual(expect.arrayContaining(['workflow/done', 'workflow/open']));
    const bus = await connectBus({ url: second.servers.nats.url, name: 'another-system' });
    expect(await bus.countOf('EVENTS', 'trivet.v1.event.default.open.>')).toBe((await second.get<{ items: Event[] }>('/api/v1/workflows/open/events?limit=500')).items.length);
    await bus.close();
  }
});
