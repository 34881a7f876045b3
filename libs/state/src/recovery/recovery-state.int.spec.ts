import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, createRecoveryState, type RecoveryState, type Redis } from '../index.js';

const at = (seq: number) => ({ stream: 'journal', seq });

describe('the checkpoint of a Redis', () => {
  let server: TestServer;
  let redis: Redis;
  let state: RecoveryState;
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'spec' });
    state = createRecoveryState(redis);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('moves on from the one that is known', async () => {
    const runId = await state.runId();
    expect(runId).not.toBe('');
    expect(await state.setCheckpoint(at(1), { checkpoint: null, runId })).toBe(true);
    expect(await state.setCheckpoint(at(3), { checkpoint: at(2), runId })).toBe(false);
    expect(await state.setCheckpoint(at(2), { checkpoint: at(1), runId })).toBe(true);
    expect(await state.checkpoint()).toEqual(at(2));
  });

  it('is not that of the server that was there before, whose end came in between: what the new one lost would not be looked for', async () => {
    await server.keepCopy();
    const runId = await state.runId();
    await server.goBack();
    expect(await state.setCheckpoint(at(9), { checkpoint: at(2), runId })).toBe(false);
    expect(await state.checkpoint()).toEqual(at(2));
    await server.wipe();
    expect(await state.setCheckpoint(at(9), { checkpoint: null, runId })).toBe(false);
    expect(await state.checkpoint()).toBeNull();
  });
});
