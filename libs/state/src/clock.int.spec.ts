import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createLedgerClock, type LedgerClock, type Redis } from './index.js';

describe('the clock of the ledger', () => {
  let server: TestServer;
  let redis: Redis;
  let clock: LedgerClock;
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'spec' });
    await redis.ping();
    clock = await createLedgerClock(redis, { resyncMs: 1_000 });
  });
  afterAll(async () => {
    clock.stop();
    redis.disconnect();
    await server.stop();
  });

  it('is that of Redis', () => {
    expect(Math.abs(clock.nowMs() - Date.now())).toBeLessThan(50);
  });

  it('is not put ahead, so that no timer is early, by a Redis that hangs for a while', async () => {
    process.kill(server.pid, 'SIGSTOP');
    const asked = redis.ping();
    await new Promise((resolve) => setTimeout(resolve, 1_500));
    process.kill(server.pid, 'SIGCONT');
    await asked;
    // The sample that was asked for while it hung is answered now.
    for (let n = 0; n < 20; n += 1) {
      expect(clock.nowMs() - Date.now()).toBeLessThan(100);
      await redis.ping();
    }
  });
});
