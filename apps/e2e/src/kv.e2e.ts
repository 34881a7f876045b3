import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectRedis, keys, type Redis } from '@trivet/state';
import { armEach, startStack, type Stack } from '@trivet/testing';
import { buildTool } from '@trivet/tool-sdk';

const KEPT_MS = 60_000;
/** Says how often it ran in its workflow, as far as kv knows. */
const SOURCE = `
import { kv } from '@trivet/tool-sdk/guest';
export function run({ key }) {
  const runs = (kv.get(key) ?? 0) + 1;
  kv.set(key, runs);
  return { runs, keys: kv.list() };
}`;
const MANIFEST = { name: 'remember', version: '1.0.0', description: 'Counts its runs.', input: { type: 'object', properties: { key: { type: 'string' } }, required: ['key'] }, output: {}, grants: { kv: true }, limits: { timeoutMs: 10_000, memoryMib: 32, outputKib: 16, hostCalls: 3 } };

describe('what tools keep of their workflow', () => {
  let folder: string;
  let stack: Stack;
  let redis: Redis;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'trivet-kv-'));
    mkdirSync(join(folder, MANIFEST.name));
    writeFileSync(join(folder, MANIFEST.name, 'tool.ts'), SOURCE);
    writeFileSync(join(folder, MANIFEST.name, 'tool.json'), JSON.stringify(MANIFEST));
    const { file } = await buildTool(join(folder, MANIFEST.name));
    stack = await startStack({ without: ['model'], environment: { TRIVET_KEEP_FINISHED_MS: String(KEPT_MS) } });
    for (const tenant of ['default', 'rival']) {
      const form = new FormData();
      form.set('manifest', JSON.stringify(MANIFEST));
      form.set('module', new Blob([new Uint8Array(readFileSync(file))]), 'remember.wasm');
      const uploaded = await fetch(`${stack.url}/api/v1/tools/remember`, { method: 'PUT', body: form, headers: { 'X-Trivet-Tenant': tenant } });
      if (uploaded.status !== 201) throw new Error(await uploaded.text());
    }
    redis = connectRedis({ url: stack.servers.redis.url, name: 'e2e' });
  });
  afterAll(async () => {
    redis.disconnect();
    await stack.stop();
    rmSync(folder, { recursive: true });
  });

  const remember = (id: string, key: string, ...dependsOn: string[]) => ({ id, kind: 'tool', tool: 'remember', input: { key }, dependsOn });

  it('is found by later steps, by no other tenant, and goes with the record of the workflow', async () => {
    const task = { goal: 'x', workflowId: 'shared', plan: { steps: [remember('first', 'a'), remember('second', 'a', 'first'), remember('third', 'b', 'second')] } };
    for (const tenant of ['default', 'rival']) await stack.submit(task, { tenant });
    for (const tenant of ['default', 'rival']) {
      expect(await stack.ended('shared', { tenant })).toMatchObject({ status: 'completed', result: { third: { runs: 1, keys: ['a', 'b'] } } });
      const left = await redis.pttl(keys.kv({ tenant, workflowId: 'shared' }));
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(KEPT_MS);
    }
    expect((await stack.steps('shared')).map(({ output }) => output)).toMatchObject([{ runs: 1 }, { runs: 2 }, { runs: 1 }]);
  });

  it('is found by the same call when it runs again because its executor died before it could say anything', async () => {
    const deaths = await armEach(stack.processes('executor'), 'executor.before-result');
    await stack.submit({ goal: 'x', workflowId: 'again', plan: { steps: [remember('count', 'a')] } });
    expect(await stack.ended('again')).toMatchObject({ status: 'completed', result: { count: { runs: deaths() + 1, keys: ['a'] } } });
    expect(deaths()).toBeGreaterThan(0);
    expect(deaths()).toBeLessThanOrEqual(stack.processes('executor').length);
    expect((await stack.steps('again'))[0]).toMatchObject({ attempts: 1, calls: [...Array.from({ length: deaths() }, () => ({ outcome: 'lost' })), { outcome: 'completed' }] });
  });
});
