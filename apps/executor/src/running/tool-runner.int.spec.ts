import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { ACK, connectBus, settlementOf, subjects, type Bus, type RunningConsumer } from '@trivet/bus';
import { CONSUMERS, type ToolCall, type ToolResult } from '@trivet/contracts';
import { createPace } from '@trivet/service';
import { connectRedis, createBlobs, createClaims, createScriptSnapshots, createWorkflowStore, type Claims, type Redis } from '@trivet/state';
import { startServers, until, type TestServers } from '@trivet/testing';
import { admitRemote } from '../catalog/remote-tool.js';
import type { AnyTool } from '../catalog/tool-source.js';
import { SandboxPool } from '../sandbox/pool.js';
import { createRemoteAsker } from './ask-remote.js';
import { createToolRunner, type ToolRunner } from './tool-runner.js';

const ORDERS = admitRemote({ name: 'orders', version: '1.0.0', description: 'Adds up an order.', input: { type: 'object' }, output: { type: 'object' }, limits: { timeoutMs: 2_000, memoryMib: 1, outputKib: 4, hostCalls: 0 }, remote: 'tools.orders' });

describe('a call for a tool that comes with another executor', () => {
  let servers: TestServers;
  let bus: Bus;
  let redis: Redis;
  let claims: Claims;
  let pool: SandboxPool;
  let service: NatsConnection;
  const consumers: RunningConsumer[] = [];

  beforeAll(async () => {
    servers = await startServers();
    redis = connectRedis({ url: servers.redis.url, name: 'spec' });
    bus = await connectBus({ url: servers.nats.url, name: 'spec', inboxPrefix: '_INBOX_executor', mayCreate: true });
    service = await connect({ servers: new URL(servers.nats.url).host });
    service.subscribe('tools.orders', { callback: (_error, message) => void message.respond('{"total":1}') });
    await service.flush();
    claims = createClaims(redis);
    pool = new SandboxPool({ slots: 1 });
  }, 60_000);
  afterAll(async () => {
    for (const consumer of consumers) consumer.stop();
    await claims.settled();
    await pool.close();
    await service.close();
    await bus.close();
    redis.disconnect();
    await servers.stop();
  });

  function executor(workerId: string, tools: ReadonlyMap<string, AnyTool>): ToolRunner {
    const find = async ({ name }: { name: string }): Promise<AnyTool | null> => tools.get(name) ?? null;
    return createToolRunner({
      bus, claims, pool, workerId, tools: { find, isElsewhere: async ({ name }) => !tools.has(name) }, blobs: createBlobs(redis), snapshots: createScriptSnapshots(redis), askRemote: createRemoteAsker(bus), pace: createPace(),
      reach: () => undefined, watchTool: () => undefined, onError: () => undefined, toolPolicyOf: async () => undefined, services: { http: async () => ({ value: null }), documents: () => null, log: () => undefined, progress: () => undefined },
    });
  }

  /** Has a call stand in Redis, as a commit leaves it. */
  async function scheduled(callId: string): Promise<ToolCall> {
    const call: ToolCall = { callId, tenant: 'default', workflowId: callId, stepId: 's', attempt: 1, deadlineAt: Date.now() + 60_000, tool: 'orders', input: {} };
    await createWorkflowStore(redis).commit({
      ref: call, expectedVersion: 0, opId: callId, head: '{}', status: 'running', steps: {}, events: [], seq: 0, chain: '', close: [], reopen: [], timers: [], clearTimers: [], asked: [], answered: [], nowMs: 1,
      created: { task: '{}', hash: 'h', createdMs: 1 }, schedule: [{ callId, spec: '{"tier":"tool"}', tier: 'tool', priority: 'normal', direct: true }],
    });
    return call;
  }

  /** Takes calls of the bus one at a time. @returns how often each of its calls had been brought */
  function consume(runner: ToolRunner): number[] {
    const brought: number[] = [];
    consumers.push(
      bus.consume({
        consumer: CONSUMERS.toolCalls,
        concurrency: () => 1,
        handle: async ({ data, deliveries }) => {
          brought.push(deliveries);
          return runner.run(JSON.parse(new TextDecoder().decode(data)), deliveries).then(() => ACK, (error: unknown) => settlementOf(error, deliveries));
        },
      }),
    );
    return brought;
  }

  it('goes on to it, and is left to the watchdog when it was brought again and again', async () => {
    const alone = consume(executor('plain', new Map()));
    const call = await scheduled('c1');
    const publish = (more: ToolCall): Promise<unknown> => bus.publish(subjects.toolCall(more.tenant, more.workflowId), more, { workflowId: more.workflowId });
    await publish(call);
    await until(() => alone.length === 8, 12_000, () => `it was brought ${alone.length} times`);
    expect(alone).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await until(async () => (await bus.consumerState('CALLS', CONSUMERS.toolCalls.durable)).ackPending === 0, 10_000, () => 'it is not acknowledged');
    expect(await claims.read(call, call.callId)).toMatchObject({ status: 'open', worker: null });

    consume(executor('rich', new Map([['orders', ORDERS]])));
    const others = await Promise.all(Array.from({ length: 6 }, (_, index) => scheduled(`o${index}`)));
    const results: ToolResult[] = [];
    consumers.push(bus.consume({ consumer: CONSUMERS.results, concurrency: () => 1, handle: async ({ data }) => (results.push(JSON.parse(new TextDecoder().decode(data))), ACK) }));
    for (const each of [call, ...others]) await publish(each);
    await until(() => results.length === 7, 12_000, () => `there are ${results.length} results of 7`);
    expect(results.map(({ worker, output }) => ({ worker, output }))).toEqual(results.map(() => ({ worker: 'rich', output: { total: 1 } })));
    expect(new Set(results.map(({ callId }) => callId)).size).toBe(7);
    expect(alone.length).toBeGreaterThan(8);
  });
});
