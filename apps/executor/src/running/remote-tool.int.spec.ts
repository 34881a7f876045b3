import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, headers, type Msg, type NatsConnection } from '@nats-io/transport-node';
import { connectBus, type Bus } from '@trivet/bus';
import type { JsonValue, ToolCall, ToolManifest, ToolPolicy } from '@trivet/contracts';
import { connectRedis, createBlobs, createScriptSnapshots, type Redis } from '@trivet/state';
import { startServers, type TestServers } from '@trivet/testing';
import { bundlePrograms, echoPlugin, pluginFromSource, until } from '../../hostile/prepare.js';
import { admitRemote, type RemoteTool } from '../catalog/remote-tool.js';
import type { CatalogTool } from '../catalog/tool-catalog.js';
import { SandboxPool } from '../sandbox/pool.js';
import type { SandboxResult } from '../sandbox/result.js';
import { createRemoteAsker } from './ask-remote.js';
import { runTool, type RunParts } from './run-tool.js';

const ANSWER = { type: 'object', properties: { total: { type: 'number' } }, required: ['total'], additionalProperties: false };
const manifest = (name: string, rest: Partial<ToolManifest> = {}): ToolManifest => ({ name, version: '1.0.0', description: 'Adds up an order.', input: { type: 'object', properties: { id: { type: 'string' } }, required: ['id'] }, output: ANSWER, limits: { timeoutMs: 2_000, memoryMib: 1, outputKib: 4, hostCalls: 0 }, remote: `tools.${name}`, ...rest });
const POLICIES: Record<string, ToolPolicy> = { acme: { remote: ['tools.orders'] }, below: { remote: ['tools.>'] }, bound: { deny: ['orders'], remote: ['tools.>'] }, elsewhere: { remote: ['tools.orders.>', 'tools.other'] }, none: { remote: [] } };
const ASKS_ORDERS = "import { tool } from '@trivet/tool-sdk/guest'; export const run = ({ id }) => [tool('orders', { id }), tool('orders', { id })];";

describe('a remote tool', () => {
  let servers: TestServers;
  let bus: Bus;
  let redis: Redis;
  let pool: SandboxPool;
  /** The service of the team: a plain client of the broker. */
  let service: NatsConnection;
  let parts: RunParts;
  const tools = new Map<string, CatalogTool | RemoteTool>();

  beforeAll(async () => {
    bundlePrograms();
    servers = await startServers();
    redis = connectRedis({ url: servers.redis.url, name: 'spec' });
    bus = await connectBus({ url: servers.nats.url, name: 'spec', inboxPrefix: '_INBOX_executor', mayCreate: true });
    service = await connect({ servers: new URL(servers.nats.url).host, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    pool = new SandboxPool({ slots: 2 });
    parts = {
      blobs: createBlobs(redis), pool, tools: { find: async ({ name }) => tools.get(name) ?? null }, askRemote: createRemoteAsker(bus), snapshots: createScriptSnapshots(redis), watchTool: () => undefined, onError: () => undefined, toolPolicyOf: async (tenant) => POLICIES[tenant],
      services: { http: async () => ({ value: null }), documents: () => null, log: () => undefined, progress: () => undefined },
    };
    tools.set('orders', admitRemote(manifest('orders')));
    tools.set('echo', await echoPlugin());
    tools.set('asks', await pluginFromSource('asks', { typeScript: ASKS_ORDERS }, { grants: { tools: ['orders'] } }));
  }, 60_000);
  afterAll(async () => {
    await pool.close();
    await service.close();
    await bus.close();
    redis.disconnect();
    await servers.stop();
  });

  function run(tool: string, input: JsonValue = { id: 'o1' }, rest: Partial<ToolCall> = {}, signal = new AbortController().signal): Promise<SandboxResult> {
    return runTool(parts, { callId: 'c1', tenant: 'acme', workflowId: 'w1', stepId: 's1', attempt: 1, deadlineAt: Date.now() + 60_000, tool, input, ...rest }, signal);
  }

  /** The service's own connection may be away with the broker. */
  async function flushed(): Promise<void> {
    for (let left = 200; ; left -= 1) {
      try {
        return await service.flush();
      } catch (error) {
        if (left === 0) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  /** Serves a subject for as long as `task` takes. */
  async function serving<Result>(answer: (message: Msg) => void, task: () => Promise<Result>, subject = 'tools.orders'): Promise<Result> {
    const subscription = service.subscribe(subject, { queue: 'orders', callback: (_error, message) => answer(message) });
    await flushed();
    try {
      return await task();
    } finally {
      subscription.unsubscribe();
      await flushed();
    }
  }

  it('is answered by its service, which is told the workflow, the tenant and the call', async () => {
    const seen: Msg[] = [];
    const result = await serving((message) => {
      seen.push(message);
      message.respond('{"total":42}');
    }, () => run('orders'));
    expect(result).toMatchObject({ outcome: 'completed', output: { total: 42 }, sandbox: { bytesIn: 11, bytesOut: 12, cpuMs: 0, hostCalls: 0 } });
    expect(seen.map((message) => [message.json(), message.headers?.get('X-Workflow-ID'), message.headers?.get('X-Trivet-Tenant'), message.headers?.get('Nats-Msg-Id')])).toEqual([[{ id: 'o1' }, 'w1', 'acme', 'c1']]);
    expect(seen[0]?.reply).toMatch(/^_INBOX_executor\./);
  });

  it('is called by another tool under ids that are the same after a crash', async () => {
    const rounds: string[][] = [];
    for (let round = 0; round < 2; round += 1) {
      const ids: string[] = [];
      expect(await serving((message) => {
        ids.push(message.headers?.get('Nats-Msg-Id') ?? '');
        message.respond('{"total":1}');
      }, () => run('asks'))).toMatchObject({ output: [{ total: 1 }, { total: 1 }] });
      rounds.push(ids);
    }
    expect(rounds).toEqual([['c1.1', 'c1.2'], ['c1.1', 'c1.2']]);
  });

  it('is not asked with an input that does not fit, nor for a tenant whose policy denies it', async () => {
    let asked = 0;
    await serving(() => void (asked += 1), async () => {
      expect(await run('orders', { name: 'o1' })).toMatchObject({ failure: { code: 'tool_input_invalid' } });
      expect(await run('orders', { id: 'o1' }, { tenant: 'bound' })).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining('policy of tenant bound denies tool orders') } });
      expect(await run('orders', { id: 'x'.repeat(1_100_000) })).toMatchObject({ failure: { code: 'payload_too_large', message: expect.stringMatching(/input of tool orders has 1100009 bytes; a message to tools\.orders takes 1044480/) } });
    });
    expect(asked).toBe(0);
    expect(await serving((message) => message.respond('{"total":1}'), () => run('orders'))).toMatchObject({ outcome: 'completed' });
  });

  it('is answered only where the policy of the tenant says so; without one, for the operator alone', async () => {
    let asked = 0;
    await serving((message) => {
      asked += 1;
      message.respond('{"total":1}');
    }, async () => {
      for (const tenant of ['acme', 'below', 'default']) expect(await run('orders', { id: 'o1' }, { tenant })).toMatchObject({ outcome: 'completed' });
      for (const tenant of ['elsewhere', 'none', 'without']) expect(await run('orders', { id: 'o1' }, { tenant })).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining(`policy of tenant ${tenant} does not let tools.orders answer tool orders`) } });
      expect(await run('asks', { id: 'o1' }, { tenant: 'none' })).toMatchObject({ failure: { code: 'tool_host_denied', message: expect.stringContaining('does not let tools.orders answer') } });
    });
    expect(asked).toBe(3);
  });

  it('fails as unavailable, to be tried again, when nobody listens', async () => {
    const startedAt = performance.now();
    expect(await run('orders')).toMatchObject({ outcome: 'failed', failure: { code: 'unavailable', message: expect.stringContaining('Nobody answers on tools.orders, where tool orders is expected: no responders') } });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it('takes the first of several answers', async () => {
    const second = service.subscribe('tools.orders', { callback: (_error, message) => void setTimeout(() => message.respond('{"total":2}'), 200) });
    try {
      expect(await serving((message) => {
        message.respond('{"total":1}');
        message.respond('{"total":3}');
      }, () => run('orders'))).toMatchObject({ output: { total: 1 } });
    } finally {
      second.unsubscribe();
    }
  });

  it('fails with what its service says, on one line', async () => {
    const failed = headers();
    failed.set('Nats-Service-Error', 'order o1 not found');
    failed.set('Nats-Service-Error-Code', '404');
    expect(await serving((message) => message.respond('{"total":1}', { headers: failed }), () => run('orders'))).toMatchObject({ failure: { code: 'tool_failed', message: 'The service of tool orders on tools.orders answered with error 404: order o1 not found', detail: { serviceErrorCode: '404', serviceError: 'order o1 not found' } } });
    const wordless = headers();
    wordless.set('Nats-Service-Error-Code', '500');
    expect(await serving((message) => message.respond('', { headers: wordless }), () => run('orders'))).toMatchObject({ failure: { code: 'tool_failed', message: expect.stringContaining('error 500: no description') } });
  });

  describe('whose service misbehaves', () => {
    const LIES: [name: string, answer: string | Uint8Array, code: string, message: RegExp][] = [
      ['says nothing', '', 'tool_output_invalid', /0 bytes that are not JSON/],
      ['is not JSON', '{total: 1}', 'tool_output_invalid', /not JSON/],
      ['is not UTF-8', Uint8Array.of(0x22, 0xff, 0x22), 'tool_output_invalid', /not UTF-8/],
      ['lies about its schema', '{"total":"42"}', 'tool_output_invalid', /\/total must be number/],
      ['says more than its schema', '{"total":1,"admin":true}', 'tool_output_invalid', /\/admin is not a field/],
      ['reaches for the prototype', '{"total":1,"__proto__":{"admin":true}}', 'tool_output_invalid', /__proto__/],
      ['nests without end', '['.repeat(2_000) + ']'.repeat(2_000), 'tool_output_invalid', /nested 2000 levels deep; the limit is 80/],
      ['says too much', `{"total":1,"pad":"${'x'.repeat(200_000)}"}`, 'tool_output_too_large', /returned 2000\d\d bytes; its limit is 4096/],
    ];
    it.each(LIES)('%s: its call fails, and no other', async (_name, answer, code, message) => {
      await serving((request) => request.respond(answer), async () => {
        const [result, neighbour] = await Promise.all([run('orders'), run('echo', { said: 1 })]);
        expect([result.outcome === 'failed' ? result.failure.code : 'completed', result.outcome === 'failed' ? result.failure.message : '']).toEqual([code, expect.stringMatching(message)]);
        expect(neighbour).toMatchObject({ output: { said: 1 } });
      });
    });

    it('answers late: the call is over at its limit, and what comes then changes nothing', async () => {
      const late: Msg[] = [];
      await serving((message) => void late.push(message), async () => {
        const startedAt = performance.now();
        expect(await run('orders', { id: 'o1' }, { timeoutMs: 300 })).toMatchObject({ failure: { code: 'tool_timeout', message: expect.stringContaining('ran for 300 ms without an answer on tools.orders'), detail: { limitMs: 300 } }, sandbox: { wallMs: expect.any(Number) } });
        expect(performance.now() - startedAt).toBeGreaterThanOrEqual(299);
        expect(performance.now() - startedAt).toBeLessThan(1_500);
        late[0]?.respond('{"total":13}');
        await service.flush();
      });
      expect(await serving((message) => message.respond('{"total":7}'), () => run('orders'))).toMatchObject({ output: { total: 7 } });
    });

    it('never answers: a cancelled call is over at once, and the limit of its manifest holds for others', async () => {
      let asked = 0;
      await serving(() => void (asked += 1), async () => {
        const controller = new AbortController();
        const running = run('orders', { id: 'o1' }, {}, controller.signal);
        await until(() => asked === 1, 'the service is asked');
        const cancelledAt = performance.now();
        controller.abort();
        expect(await running).toMatchObject({ failure: { code: 'cancelled' } });
        expect(performance.now() - cancelledAt).toBeLessThan(500);
        expect(await run('orders', { id: 'o1' }, { timeoutMs: 3_600_000 })).toMatchObject({ failure: { code: 'tool_timeout', detail: { limitMs: 2_000 } } });
      });
    });
  });

  it('is asked again by whoever takes the call over when the broker goes away meanwhile: that is no failure of the tool', async () => {
    let asked = 0;
    await serving(() => void (asked += 1), async () => {
      const running = run('orders', { id: 'o1' });
      await until(() => asked === 1, 'the service is asked');
      await Promise.all([expect(running).rejects.toMatchObject({ failure: { code: 'unavailable' } }), servers.nats.kill()]);
      await until(() => !bus.isConnected(), 'the bus has noticed');
      await expect(run('orders')).rejects.toMatchObject({ failure: { code: 'unavailable', message: expect.stringContaining('The broker is away') } });
      await servers.nats.restart();
      await until(() => bus.isConnected(), 'the bus is back', 20_000);
    });
    expect(await serving((message) => message.respond('{"total":5}'), () => run('orders'))).toMatchObject({ output: { total: 5 } });
  }, 60_000);
});
