import { connectRedis, createBlobs, createClaims, createLedgerClock, createWorkflowStore, type Claims, type LedgerClock, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { accepted } from '../workflow/drive-for-tests.js';
import { createRunner, type Runner } from './runner.js';

const ref = { tenant: 'acme', workflowId: 'wf' };

describe('two orchestrators that both notice each death of a worker', () => {
  let server: TestServer;
  let redis: Redis;
  let clock: LedgerClock;
  let claims: Claims;
  let runners: Runner[];
  beforeAll(async () => {
    server = await startRedis();
    redis = connectRedis({ url: server.url, name: 'spec' });
    clock = await createLedgerClock(redis);
    claims = createClaims(redis);
    runners = [0, 1].map(() => createRunner({ store: createWorkflowStore(redis), blobs: createBlobs(redis), clock, keepFinishedMs: 60_000, afterCommit: () => undefined, visible: async () => undefined, reach: () => undefined }));
  });
  afterAll(async () => {
    clock.stop();
    redis.disconnect();
    await server.stop();
  });

  const stepOf = async (): Promise<{ status: string; callId: string; deaths: number }> => {
    const step = (await runners[0]?.read(ref))?.steps.get('only');
    return { status: step?.status ?? '', callId: step?.status === 'scheduled' ? step.callId : '', deaths: step?.status === 'scheduled' ? step.deaths : -1 };
  };

  /** A worker takes the call and dies; both orchestrators tell of it, one after the other. */
  async function loseOnce(worker: string): Promise<void> {
    const { callId } = await stepOf();
    const claim = await claims.claim(ref, callId, worker);
    if (claim.status !== 'claimed') throw new Error(`the call is ${claim.status}`);
    for (const runner of runners) await runner.deliver(ref, { type: 'worker-lost', callId, worker, epoch: claim.epoch });
  }

  it('do not take a call for poisoned that has lost two', async () => {
    await runners[0]?.begin(ref, accepted({ steps: [{ id: 'only', kind: 'tool', tool: 't' }] }).data);
    await loseOnce('w1');
    expect(await stepOf()).toMatchObject({ status: 'scheduled', deaths: 1 });
    await loseOnce('w2');
    expect(await stepOf()).toMatchObject({ status: 'scheduled', deaths: 2 });
    await loseOnce('w3');
    expect((await stepOf()).status).toBe('failed');
  });
});
