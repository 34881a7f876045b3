import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createCallQueue, type Redis } from '../index.js';
import { keys } from '../keys.js';

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
