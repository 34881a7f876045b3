import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createCallQueue, createWorkflowStore, type Redis } from '../index.js';
import { keys, partitionOfRef } from '../keys.js';

let server: TestServer;
let redis: Redis;

beforeEach(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
});
afterEach(async () => {
  redis.disconnect();
  await server.stop();
});

describe('depth', () => {
  it('counts calls that were dealt, and those in the queues of tenants in turn', async () => {
    await redis.sadd(keys.sent(1, 'tool'), 'a', 'b');
    await redis.rpush(keys.turns(2, 'tool', 'high'), 'acme');
    await redis.rpush(keys.queue(2, 'tool', 'acme', 'high'), 'c', 'd', 'e');
    await expect(createCallQueue(redis).depth('tool')).resolves.toEqual({ ready: 3, sent: 2 });
  });

  it('leaves out a call that was set aside until it is to be published again', async () => {
    const ref = { tenant: 'acme', workflowId: 'wf' };
    const queue = createCallQueue(redis);
    const stream = { incarnation: 'i1', ackFloor: 0 };
    await createWorkflowStore(redis).commit({
      ref, expectedVersion: 0, opId: '1', head: '{}', status: 'running', steps: {}, events: [], seq: 0, chain: '', close: [], reopen: [], timers: [], clearTimers: [], asked: [], answered: [], nowMs: 1,
      created: { task: '{}', hash: 'h', createdMs: 1 }, schedule: [{ callId: 'c1', spec: '{"tier":"tool"}', tier: 'tool', priority: 'normal', direct: true }],
    });
    expect(await queue.depth('tool')).toEqual({ ready: 0, sent: 1 });
    await queue.setAside(ref, 'c1', 'tool', 0);
    expect(await queue.depth('tool')).toEqual({ ready: 0, sent: 0 });
    expect(await queue.sweep(partitionOfRef(ref), 10)).toEqual([expect.objectContaining({ kind: 'call', callId: 'c1' })]);
    expect(await queue.inspect(ref, 'c1', 'tool', stream)).toMatchObject({ status: 'publish', published: 1 });
    expect(await queue.depth('tool')).toEqual({ ready: 0, sent: 1 });
    // One that nobody is to carry out any more is not taken up again.
    await queue.setAside(ref, 'unknown', 'tool', 0);
    expect(await queue.inspect(ref, 'unknown', 'tool', stream)).toEqual({ status: 'gone' });
    expect(await queue.depth('tool')).toEqual({ ready: 0, sent: 1 });
  });

  it('is an error when one of its commands fails, and never a sum that is not a number', async () => {
    await redis.set(keys.sent(3, 'tool'), 'not a set');
    await expect(createCallQueue(redis).depth('tool')).rejects.toThrow(/WRONGTYPE/);
  });

  it('is an error while Redis is away', async () => {
    const queue = createCallQueue(redis);
    await queue.depth('tool');
    await server.kill();
    await expect(queue.depth('tool')).rejects.toMatchObject({ failure: { code: 'unavailable' } });
  });
});
