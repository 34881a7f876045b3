import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Account, Approval, Workflow } from '@trivet/contracts';
import { startServers, startStack, until, type Stack, type TestServers } from '@trivet/testing';

const TRIVET = fileURLToPath(new URL('../../../bin/trivet.mjs', import.meta.url));
/** Backups of systems with work in flight, each made by the version that its folder is called after; none is ever changed. */
const BACKUPS = fileURLToPath(new URL('../backups', import.meta.url));

const ask = { id: 'ask', kind: 'model', input: { messages: [{ role: 'user', content: 'Summarise: Ann likes tea. She drinks it at four. It is green.' }], maxTokens: 50 } };
const sum = { id: 'sum', kind: 'tool', tool: 'calculator', input: { expression: '20 + 22' } };
const sign = { id: 'sign', kind: 'approval', input: { question: 'Go on?' } };
const signal = { id: 'hold', kind: 'wait', input: { signal: 'go' } };
const after = (step: object, ...dependsOn: string[]): object => ({ ...step, dependsOn });

/** What is in flight: an answered call before a decision, a signal, a map of decisions, a child that waits, and a time that passes while the system is down. */
const WORK: Readonly<Record<string, readonly object[]>> = {
  approval: [ask, after(sign, 'ask'), after(sum, 'sign')],
  signal: [sum, after(signal, 'sum'), after({ ...sum, id: 'again' }, 'hold')],
  map: [{ id: 'each', kind: 'map', over: { $: 'input.names' }, parallel: 2, collect: 'all', step: sign }],
  child: [{ id: 'child', kind: 'workflow', input: { goal: 'below', plan: { steps: [signal, after(sum, 'hold')] } } }],
  time: [{ id: 'nap', kind: 'wait', input: { ms: 30_000 } }, after(sum, 'nap')],
};

const cli = (servers: TestServers, ...words: string[]): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    const child = execFile(process.execPath, [TRIVET, ...words], { env: { PATH: process.env['PATH'], TRIVET_NATS_URL: servers.nats.url, TRIVET_REDIS_URL: servers.redis.url } }, (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, text: stdout + stderr }));
  });

const post = (stack: Stack, path: string, body: object): Promise<Response> => fetch(`${stack.url}/api/v1${path}`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
const childOf = async (stack: Stack): Promise<string> => (await stack.steps('child')).find(({ id }) => id === 'child')?.childWorkflowId ?? '';

describe('work in flight that another version began', () => {
  let stack: Stack | undefined;
  afterEach(() => stack?.stop());

  it.each(readdirSync(BACKUPS))('by %s is ended by this one, with nothing done twice', async (version) => {
    const servers = await startServers();
    expect(await cli(servers, 'restore', join(BACKUPS, version))).toEqual({ code: 0, text: expect.stringContaining('is restored') });
    const here = await startStack({ servers });
    stack = here;
    const usedBefore = await usedBy(here);
    for (const approval of await approvalsOf(here, 3)) expect((await post(here, `/approvals/${approval}/decide`, { decision: 'approve' })).ok).toBe(true);
    for (const id of ['signal', await childOf(here)]) expect((await post(here, `/workflows/${id}/signal`, { name: 'go' })).ok).toBe(true);
    for (const id of Object.keys(WORK)) expect({ id, status: (await here.ended(id)).status }).toEqual({ id, status: 'completed' });
    expect((await here.ended('approval')).result).toMatchObject({ sum: { value: 42 } });
    // What it had asked the model before is not asked again.
    expect(await usedBy(here)).toBe(usedBefore);
    expect(usedBefore).toBeGreaterThan(0);
    expect((await here.steps('approval')).flatMap(({ calls }) => calls.map(({ outcome }) => outcome))).toEqual(expect.not.arrayContaining(['lost', 'stale']));
    expect(await here.get('/api/v1/audit/verify')).toMatchObject({ brokenAt: null });
  });

  async function approvalsOf(here: Stack, count: number): Promise<string[]> {
    let items: Approval[] = [];
    await until(async () => {
      ({ items } = await here.get<{ items: Approval[] }>('/api/v1/approvals'));
      return items.length === count;
    }, 30_000, () => here.logs());
    return items.map(({ id }) => id);
  }

  const usedBy = async (here: Stack): Promise<number> => (await here.get<Account>('/api/v1/budgets/tenant/default')).windows.find(({ window }) => window === 'total')?.usedTokens ?? 0;

  // With RECORD_BACKUP=1: makes the backup of this version, which is then committed.
  if (process.env['RECORD_BACKUP'] === '1') {
    it('is recorded', async () => {
      const here = await startStack();
      stack = here;
      for (const [workflowId, steps] of Object.entries(WORK)) await here.submit({ goal: 'x', workflowId, input: { names: ['a', 'b'] }, plan: { steps } });
      await approvalsOf(here, 3);
      await until(async () => (await here.get<{ items: Workflow[] }>('/api/v1/workflows?status=waiting')).items.length === Object.keys(WORK).length + 1, 20_000, () => here.logs());
      const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../../../package.json', import.meta.url)), 'utf8')) as { version: string };
      const folder = join(mkdtempSync(join(tmpdir(), 'trivet-record-')), version);
      expect(await cli(here.servers, 'backup', folder)).toMatchObject({ code: 0 });
      rmSync(join(BACKUPS, version), { recursive: true, force: true });
      cpSync(folder, join(BACKUPS, version), { recursive: true });
    });
  }
});
