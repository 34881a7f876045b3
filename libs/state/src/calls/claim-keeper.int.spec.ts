import { startRedis, type TestServer } from '@trivet/testing';
import { keys } from '../keys.js';
import { connectRedis, type Redis } from '../redis.js';
import { keepClaims } from './claim-keeper.js';
import { createClaims } from './claims.js';

const ref = { tenant: 't', workflowId: 'wf' };
let server: TestServer;
let redis: Redis;
let stop = (): void => undefined;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
});
afterAll(async () => {
  stop();
  redis.disconnect();
  await server.stop();
});

describe('a worker that holds a call without knowing it', () => {
  it('gives it back, and keeps what it runs', async () => {
    const claims = createClaims(redis);
    for (const callId of ['forgotten', 'running']) expect(await claims.claim(ref, callId, 'w1', { child: true })).toMatchObject({ status: 'claimed' });
    // One that ended with the commit of its result, while its release was lost.
    await claims.claim(ref, 'ended', 'w1', { child: true });
    await redis.del(keys.claim(ref, 'ended'));
    let left = 2;
    await new Promise<void>((resolve, reject) => {
      const watched = { ...claims, release: async (...given: Parameters<typeof claims.release>) => (await claims.release(...given), --left === 0 ? resolve() : undefined) };
      const keeper = keepClaims(watched, 'w1', (callId) => callId === 'running', reject);
      stop = keeper.stop;
    });
    expect(await claims.read(ref, 'forgotten')).toMatchObject({ status: 'open', worker: null });
    expect(await claims.read(ref, 'running')).toMatchObject({ status: 'held', worker: 'w1' });
    expect((await claims.heldBy('w1')).map(({ callId }) => callId)).toEqual(['running']);
    expect(await claims.claim(ref, 'forgotten', 'w2')).toEqual({ status: 'claimed', epoch: 2 });
  });
});
