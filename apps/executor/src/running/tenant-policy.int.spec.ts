import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { PolicyBody, type JsonValue, type ToolCall, type ToolPolicy } from '@trivet/contracts';
import { connectRedis, createBlobs, createScriptSnapshots, createKvStore, createPolicyStore, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { bundlePrograms, echoPlugin, pluginFromSource } from '../../hostile/prepare.js';
import type { CatalogTool } from '../catalog/tool-catalog.js';
import { createHttpExchange } from '../host/egress/http-exchange.js';
import { createKv } from '../host/kv.js';
import { SandboxPool } from '../sandbox/pool.js';
import type { SandboxResult } from '../sandbox/result.js';
import { runTool } from './run-tool.js';
import { createToolPolicies } from './tool-policies.js';

const FETCH = "import { http } from '@trivet/tool-sdk/guest'; export const run = ({ url }) => http({ url }).body;";
const REMEMBER = "import { kv } from '@trivet/tool-sdk/guest'; export const run = () => { kv.set('a', 1); return kv.get('a'); };";
const ASKS_ECHO = "import { tool } from '@trivet/tool-sdk/guest'; export const run = () => tool('echo', { said: 1 });";

describe("the policy of a tool call's tenant", () => {
  let redisServer: TestServer;
  let redis: Redis;
  let pool: SandboxPool;
  let web: Server;
  let port: number;
  const tools = new Map<string, CatalogTool>();

  beforeAll(async () => {
    bundlePrograms();
    redisServer = await startRedis();
    redis = connectRedis({ url: redisServer.url, name: 'spec' });
    pool = new SandboxPool({ slots: 2 });
    web = createServer((request, response) => {
      if (request.url === '/elsewhere') response.writeHead(302, { location: `http://localhost:${port}/` });
      response.end('a page');
    });
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
    port = (web.address() as AddressInfo).port;
    tools.set('echo', await echoPlugin());
    tools.set('fetch', await pluginFromSource('fetch', { typeScript: FETCH }, { grants: { http: [{ host: '127.0.0.1', port }, { host: 'localhost', port }] } }));
    tools.set('remember', await pluginFromSource('remember', { typeScript: REMEMBER }, { grants: { kv: true } }));
    tools.set('asks', await pluginFromSource('asks', { typeScript: ASKS_ECHO }, { grants: { tools: ['echo'] } }));
  }, 60_000);
  beforeEach(() => redis.flushall());
  afterAll(async () => {
    await pool.close();
    web.close();
    web.closeAllConnections();
    redis.disconnect();
    await redisServer.stop();
  });

  const setPolicy = (tenant: string, policy: ToolPolicy): Promise<void> => createPolicyStore(redis).put({ tenant, ...PolicyBody.parse({ tools: policy }) });
  const executor = () => ({
    snapshots: createScriptSnapshots(redis), watchTool: () => undefined, onError: () => undefined, blobs: createBlobs(redis), pool, tools: { find: async ({ name }: { name: string }) => tools.get(name) ?? null },
    services: { http: createHttpExchange({ privatePermissions: ['127.0.0.1', 'localhost'].map((host) => ({ tool: 'fetch', host, port })) }), documents: () => null, log: () => undefined, progress: () => undefined, kv: createKv(createKvStore(redis)) },
    askRemote: () => Promise.reject(new Error('there is no remote tool here')),
    toolPolicyOf: createToolPolicies(createPolicyStore(redis)),
  });
  function run(tool: string, tenant: string, input: JsonValue = {}, parts = executor()): Promise<SandboxResult> {
    const call: ToolCall = { callId: 'c1', tenant, workflowId: 'w1', stepId: 's1', attempt: 1, deadlineAt: Date.now() + 60_000, tool, input };
    return runTool(parts, call, new AbortController().signal);
  }
  const page = (host = '127.0.0.1', path = '/') => ({ url: `http://${host}:${port}${path}` });

  it('is waited for: without Redis no call runs', async () => {
    const away = connectRedis({ url: 'redis://127.0.0.1:1', name: 'away' });
    await expect(run('echo', 'bound', 1, { ...executor(), toolPolicyOf: createToolPolicies(createPolicyStore(away)) })).rejects.toMatchObject({ failure: { code: 'unavailable' } });
    away.disconnect();
  });

  it('takes nothing away when there is none', async () => {
    expect(await run('fetch', 'free', page())).toMatchObject({ output: 'a page' });
    expect(await run('remember', 'free')).toMatchObject({ output: 1 });
  });

  it.each<[string, ToolPolicy, RegExp]>([
    ['deny', { deny: ['echo'] }, /policy of tenant bound denies tool echo.*tools\.deny/],
    ['allow', { allow: ['fetch'] }, /policy of tenant bound denies tool echo.*tools\.allow/],
    ['deny over allow', { allow: ['echo', 'asks'], deny: ['echo'] }, /denies tool echo.*tools\.deny/],
  ])('denies a tool by %s, to its tenant alone', async (_name, policy, message) => {
    await setPolicy('bound', policy);
    expect(await run('echo', 'bound', 1)).toMatchObject({ outcome: 'failed', failure: { code: 'tool_host_denied', message: expect.stringMatching(message), detail: { policy: 'bound', tool: 'echo' } }, sandbox: { wallMs: 0 } });
    expect(await run('echo', 'free', 1)).toMatchObject({ output: 1 });
  });

  it('denies it also when another tool calls it', async () => {
    await setPolicy('bound', { deny: ['echo'] });
    expect(await run('asks', 'bound')).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining('policy of tenant bound denies tool echo') } });
    expect(await run('asks', 'free')).toMatchObject({ output: { said: 1 } });
  });

  it('withholds what manifests grant, and names itself', async () => {
    await setPolicy('bound', { withhold: ['kv', 'tools'] });
    expect(await run('remember', 'bound')).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringMatching(/asked for kv, which the policy of tenant bound withholds/), detail: { policy: 'bound' } } });
    expect(await createKvStore(redis).list({ tenant: 'bound', workflowId: 'w1' }, '')).toEqual([]);
    expect(await run('asks', 'bound')).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining('asked for tool, which the policy of tenant bound withholds') } });
    expect(await run('fetch', 'bound', page())).toMatchObject({ output: 'a page' });
    expect(await run('remember', 'free')).toMatchObject({ output: 1 });
  });

  it('narrows the hosts, redirects included, and does not widen what the manifest grants', async () => {
    await setPolicy('bound', { hosts: ['127.0.0.1', 'example.com'] });
    expect(await run('fetch', 'bound', page())).toMatchObject({ output: 'a page' });
    for (const asked of [page('localhost'), page('127.0.0.1', '/elsewhere')]) {
      expect(await run('fetch', 'bound', asked)).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining('localhost is not among the hosts that the policy of tenant bound allows (127.0.0.1, example.com)') } });
    }
    expect(await run('fetch', 'bound', { url: 'https://example.com/' })).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining('is not among the hosts granted to the tool') } });
    expect(await run('fetch', 'free', page('127.0.0.1', '/elsewhere'))).toMatchObject({ output: 'a page' });
    await setPolicy('bound', { hosts: [] });
    expect(await run('fetch', 'bound', page())).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining('allows (none)') } });
  });

  it('holds for the next call when it changes, within half a second', async () => {
    const parts = executor();
    expect(await run('echo', 'bound', 1, parts)).toMatchObject({ output: 1 });
    await setPolicy('bound', { deny: ['echo'] });
    const changedAt = performance.now();
    let denied = await run('echo', 'bound', 1, parts);
    while (denied.outcome === 'completed' && performance.now() - changedAt < 5_000) denied = await run('echo', 'bound', 1, parts);
    expect(denied).toMatchObject({ failure: { code: 'tool_host_denied' } });
    expect(performance.now() - changedAt).toBeLessThan(2_000);
  });
});
