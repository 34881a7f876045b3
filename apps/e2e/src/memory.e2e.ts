import type { Account } from '@trivet/contracts';
import { connectRedis, keys, type Redis } from '@trivet/state';
import { armEach, startStack, until, type Stack } from '@trivet/testing';

interface Recalled {
  memories: { id: string; text: string; metadata: object; score: number; source: object; expiresAt: string | null }[];
  notice?: string;
}

describe('what tools remember of a tenant', () => {
  let stack: Stack;
  let redis: Redis;
  beforeAll(async () => {
    stack = await startStack();
    redis = connectRedis({ url: stack.servers.redis.url, name: 'e2e' });
  });
  afterAll(async () => {
    redis.disconnect();
    await stack.stop();
  });

  const tool = (name: string, input: object) => ({ id: 'step', kind: 'tool', tool: name, input });
  /** One workflow of one call; what it gave. */
  async function run<Output>(workflowId: string, name: string, input: object, { tenant = 'default', ...task }: { tenant?: string; budget?: object; user?: string } = {}): Promise<Output> {
    await stack.submit({ goal: 'x', workflowId, ...task, plan: { steps: [tool(name, input)] } }, { tenant });
    const ended = await stack.ended(workflowId, { tenant });
    expect(ended).toMatchObject({ status: 'completed' });
    return (ended.result as { step: Output }).step;
  }
  const recall = (workflowId: string, query: string, options: { tenant?: string; collection?: string } = {}): Promise<Recalled> => run<Recalled>(workflowId, 'memory_recall', { query, ...(options.collection ? { collection: options.collection } : {}) }, options.tenant ? { tenant: options.tenant } : {});
  const used = async (scope: string): Promise<number> => (await stack.get<Account>(`/api/v1/budgets/${scope}`)).windows.find(({ window }) => window === 'total')?.usedTokens ?? 0;

  it('is recalled by a later workflow with who wrote it, by no other tenant, and forgotten by a third', async () => {
    const facts = [{ text: 'The board of Lumen Harbor meets on Tuesdays.', metadata: { heard: 'by phone' } }, { text: 'Coffee is grown on terraces.' }];
    const { ids } = await run<{ ids: string[] }>('writes', 'memory_write', { entries: facts }, { user: 'ada' });
    const recalled = await recall('recalls', 'When does the board of Lumen Harbor meet?');
    expect(recalled.memories[0]).toEqual({ id: ids[0], text: facts[0]?.text, metadata: { heard: 'by phone' }, score: expect.any(Number), source: { workflowId: 'writes', stepId: 'step', callId: expect.any(String), tool: 'memory_write', user: 'ada' }, writtenAt: expect.any(String), expiresAt: null });
    expect(recalled.notice).toContain('lexical');
    expect(await recall('recalls', 'When does the board of Lumen Harbor meet?', { tenant: 'rival' })).toEqual({ memories: [] });
    expect(await run('forgets-elsewhere', 'memory_forget', { ids }, { tenant: 'rival' })).toEqual({ forgotten: 0 });
    expect(await run('forgets', 'memory_forget', { filter: { workflowId: 'writes' } })).toEqual({ forgotten: 2 });
    expect(await recall('recalls-again', 'When does the board of Lumen Harbor meet?')).toEqual({ memories: [] });
  });

  it('is gone when it has expired', async () => {
    await run('writes-short', 'memory_write', { collection: 'short', entries: [{ text: 'red apples', expiresInMs: 5_000 }, { text: 'red ships' }] });
    expect((await recall('before', 'red', { collection: 'short' })).memories.length).toBe(2);
    const [, expiresAt] = await redis.zrange(keys.memoryExpiry({ tenant: 'default', collection: 'short' }), 0, '0', 'WITHSCORES');
    await until(async () => Date.now() > Number(expiresAt ?? Infinity), 10_000);
    expect((await recall('after', 'red', { collection: 'short' })).memories.map(({ text }) => text)).toEqual(['red ships']);
  });

  it('is charged to the workflow, and refused with budget_exceeded before anything is written', async () => {
    const entries = [{ text: 'A sentence of some words that are to be embedded.' }];
    await run('charged', 'memory_write', { collection: 'charged', entries });
    expect(await used('workflow/charged')).toBeGreaterThan(5);
    await stack.submit({ goal: 'x', workflowId: 'poor', budget: { tokens: 1 }, plan: { steps: [tool('memory_write', { collection: 'poor', entries })] } });
    expect(await stack.ended('poor')).toMatchObject({ status: 'failed', failure: { code: 'budget_exceeded', message: expect.stringContaining('workflow/poor') } });
    expect(await redis.exists(keys.memoryHeads({ tenant: 'default', collection: 'poor' }))).toBe(0);
  });

  it('is written and charged once when the executor dies between the write and the result', async () => {
    const deaths = await armEach(stack.processes('executor'), 'executor.before-result');
    const { ids } = await run<{ ids: string[] }>('dies', 'memory_write', { collection: 'dies', entries: [{ text: 'once' }, { text: 'and for all' }] });
    expect(deaths()).toBeGreaterThan(0);
    expect(deaths()).toBeLessThanOrEqual(stack.processes('executor').length);
    expect((await stack.steps('dies'))[0]).toMatchObject({ attempts: 1, calls: [{ parentCallId: expect.any(String), outcome: 'completed' }, ...Array.from({ length: deaths() }, () => ({ outcome: 'lost' })), { outcome: 'completed' }] });
    expect((await redis.hkeys(keys.memoryHeads({ tenant: 'default', collection: 'dies' }))).sort()).toEqual([...ids].sort());
    await run('lives', 'memory_write', { collection: 'lives', entries: [{ text: 'once' }, { text: 'and for all' }] });
    expect(await used('workflow/dies')).toBe(await used('workflow/lives'));
  });

  it('is what docs_search looks into when it searches by meaning, which costs the documents once', async () => {
    const search = (workflowId: string, mode: string) => run<{ results: { ref: string }[]; notice?: string }>(workflowId, 'docs_search', { query: 'waiting time of ships in ports', mode, limit: 2 });
    const byWords = await search('by-words', 'words');
    const byMeaning = await search('by-meaning', 'meaning');
    const byBoth = await search('by-both', 'both');
    expect([byWords, byMeaning, byBoth].map(({ results }) => results[0]?.ref)).toEqual(Array.from({ length: 3 }, () => 'lumen-harbor-overview.md'));
    expect([byWords.notice, byMeaning.notice, byBoth.notice]).toEqual([undefined, expect.stringContaining('lexical'), expect.stringContaining('lexical')]);
    expect(await used('workflow/by-words')).toBe(0);
    expect(await used('workflow/by-meaning')).toBeGreaterThan(500);
    expect(await used('workflow/by-both')).toBeLessThan(50);
  });
});
