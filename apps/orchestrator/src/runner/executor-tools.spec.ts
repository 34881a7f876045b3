import type { Tool, Worker } from '@trivet/contracts';
import { createExecutorTools, type ExecutorTools } from './executor-tools.js';

const toolOf = (name: string): Tool => ({ name, version: '1.0.0', description: name, input: {}, output: {}, limits: { timeoutMs: 1, memoryMib: 1, outputKib: 1, hostCalls: 0 }, digest: 'a'.repeat(64), bundled: true });
const worker = (id: string, more: Partial<Worker> = {}): Worker => ({ service: 'executor', id, pid: 1, host: 'h', version: '1', startedAt: '2026-01-01T00:00:00.000Z', inFlight: 0, slots: 2, draining: false, ...more });

describe('the tools of executors', () => {
  let catalog: Map<string, Tool>;
  let tools: ExecutorTools;
  let announced: Record<string, string[]>;
  beforeEach(() => {
    catalog = new Map();
    announced = { plain: ['calculator'], rich: ['calculator', 'mcp_github_search'], silent: [] };
    tools = createExecutorTools({ presence: { toolsOf: async (id) => (announced[id] ?? []).map(toolOf) }, catalog: { put: async (some) => some.forEach((tool) => catalog.set(tool.name, tool)) } });
  });

  /** As after a look at who is there. */
  async function there(...workers: Worker[]): Promise<void> {
    for (const { id, service } of workers) if (service === 'executor') await tools.learn(id);
    tools.see(workers, [...catalog.values()]);
  }

  it('are taken into the catalog, and stay there when their executor is gone; then they are missing', async () => {
    await there(worker('rich'), worker('plain'));
    expect([...catalog.keys()]).toEqual(['calculator', 'mcp_github_search']);
    expect([...tools.missing()]).toEqual([]);
    await there(worker('plain'));
    expect([...tools.missing()]).toEqual(['mcp_github_search']);
    await there(worker('plain'), worker('rich'));
    expect([...tools.missing()]).toEqual([]);
  });

  it('are missing while the only executor that has them takes no more calls', async () => {
    await there(worker('rich', { draining: true }), worker('plain'));
    expect([...tools.missing()]).toEqual(['mcp_github_search']);
  });

  it('are not missing where there is no executor at all, since then nothing is known', async () => {
    await there(worker('rich'));
    await there(worker('m1', { service: 'model' }), worker('rich', { draining: true }));
    expect([...tools.missing()]).toEqual([]);
  });

  it('may be had by an executor that says nothing of its tools', async () => {
    await there(worker('rich'), worker('silent'));
    await there(worker('silent'), worker('plain'));
    expect([...tools.missing()]).toEqual([]);
    expect(tools.mayHave('silent', 'mcp_github_search')).toBe(true);
    expect(tools.mayHave('unheard-of', 'mcp_github_search')).toBe(true);
    expect(tools.mayHave('plain', 'mcp_github_search')).toBe(false);
  });

  it('that come with no executor, as those of tenants, may be had by each', async () => {
    await there(worker('plain'));
    expect(tools.mayHave('plain', 'uploaded_one')).toBe(true);
  });

  it('are read anew when an executor has others', async () => {
    await there(worker('rich'));
    announced['rich'] = ['calculator'];
    await there(worker('rich'));
    expect([...tools.missing()]).toEqual(['mcp_github_search']);
  });
});
