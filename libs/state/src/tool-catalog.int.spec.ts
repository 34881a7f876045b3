import type { Tool } from '@trivet/contracts';
import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createToolCatalog, type Redis } from './index.js';

let server: TestServer;
let redis: Redis;
beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const adder: Tool = { name: 'adder', version: '1.0.0', description: 'Adds', input: {}, output: {}, limits: { timeoutMs: 1_000, memoryMib: 16, outputKib: 16, hostCalls: 0 }, digest: 'a'.repeat(64), bundled: true };

describe('the catalog of tools', () => {
  it('has what an executor has brought at once, also for a process that has just asked and found nothing', async () => {
    const [reader, other, executor] = [createToolCatalog(redis), createToolCatalog(redis), createToolCatalog(redis)];
    expect(await reader.list()).toEqual([]);
    await executor.put([adder]);
    // One of two orchestrators says that the system is ready, and the other gets the first task.
    expect(await other.list()).toEqual([adder]);
    expect(await reader.list()).toEqual([adder]);
    expect(await reader.get('adder')).toEqual(adder);
    expect(await reader.get('none')).toBeNull();
  });
});
