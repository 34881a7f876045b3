import { FailureError, ModelResult, type ModelCall } from '@trivet/contracts';
import { connectRedis, createClaims, createLedger, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { modelCall, observedContext, routerOf, targetOf } from '../answering/context-for-tests.js';
import type { ModelProvider } from '../providers/provider.js';
import { createModelRunner } from './model-runner.js';

const answered: ModelProvider['complete'] = async () => ({ status: 'answered', text: 'yes', finishReason: 'stop', usage: { inputTokens: 12, outputTokens: 1, source: 'reported' }, model: 'm' });
const ask = { messages: [{ role: 'user' as const, content: 'Is it so?...' }] };
const REF = { tenant: 'acme', workflowId: 'w1' };
/** Made inside a tool, so that no orchestrator has to open it first. */
const child = (callId: string, rest: Partial<ModelCall> = {}) => modelCall(callId, ask, { parentCallId: 'tool1', answerTo: '_INBOX.tool', ...rest });

describe('running model calls', () => {
  let server: TestServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => redis.flushall());

  async function workerOf(name: string, complete: ModelProvider['complete']) {
    const { context } = await observedContext(redis, routerOf({ medium: [targetOf('a', complete)] }));
    const published: { subject: string; result: ModelResult; messageId?: string }[] = [];
    const notified: { subject: string; result: ModelResult }[] = [];
    const runner = createModelRunner({
      bus: {
        publish: async (subject, body, options) => (published.push({ subject, result: ModelResult.parse(body), messageId: options?.messageId }), { stream: 'RESULTS', seq: 1, duplicate: false }),
        notify: (subject, body) => void notified.push({ subject, result: ModelResult.parse(body) }),
      },
      claims: createClaims(redis),
      context: { ...context, worker: name },
    });
    return { runner, published, notified };
  }

  it('answers under a claim, publishes the result, and tells the tool that waits', async () => {
    const { runner, published, notified } = await workerOf('m1', answered);
    await runner.run(child('c1'));
    expect(published).toMatchObject([{ subject: 'trivet.v1.model.result.acme.w1', messageId: 'c1:1:r', result: { output: { text: 'yes' }, epoch: 1, worker: 'm1', parentCallId: 'tool1' } }]);
    expect(notified).toMatchObject([{ subject: '_INBOX.tool', result: { output: { text: 'yes' } } }]);
    expect(await createClaims(redis).read(REF, 'c1')).toMatchObject({ status: 'done' });
  });

  it('answers a tool that asks again from the record, and charges nothing', async () => {
    await (await workerOf('m1', answered)).runner.run(child('c1'));
    const { runner, published, notified } = await workerOf('m2', () => Promise.reject(new Error('must not be asked')));
    await runner.run(child('c1', { answerTo: '_INBOX.other' }));
    expect(published).toEqual([]);
    expect(notified).toMatchObject([{ subject: '_INBOX.other', result: { output: { text: 'yes' }, replayed: true } }]);
    expect((await createLedger(redis).readAccount({ scope: 'tenant', tenant: 'acme', id: 'acme' })).windows[0]?.usedTokens).toBe(13);
  });

  it('answers anew a tool whose call was refused for nothing, since that is not recorded', async () => {
    const tenant = { scope: 'tenant', tenant: 'acme', id: 'acme' } as const;
    await createLedger(redis).setLimits(tenant, [{ window: 'total', limitTokens: 1 }]);
    const first = await workerOf('m1', answered);
    await first.runner.run(child('c1'));
    expect(first.notified).toMatchObject([{ result: { failure: { code: 'budget_exceeded' } } }]);
    // The answer was lost on the way: the tool asks again.
    const second = await workerOf('m2', answered);
    await second.runner.run(child('c1'));
    expect(second.notified).toMatchObject([{ result: { failure: { code: 'budget_exceeded' } } }]);
    await createLedger(redis).setLimits(tenant, [{ window: 'total', limitTokens: null }]);
    await second.runner.run(child('c1'));
    expect(second.notified[1]).toMatchObject({ result: { output: { text: 'yes' } } });
    expect(await createClaims(redis).read(REF, 'c1')).toMatchObject({ status: 'done' });
  });

  it('leaves a call alone that another holds, and one that nobody wants any more', async () => {
    await createClaims(redis).claim(REF, 'c1', 'm9', { child: true });
    const { runner, published } = await workerOf('m1', answered);
    await expect(runner.run(child('c1'))).rejects.toThrow('held by m9');
    await runner.run(modelCall('unknown', ask));
    expect(published).toEqual([]);
  });

  it('stops a cancelled call, charges what it used, and publishes that', async () => {
    const { runner, published } = await workerOf('m1', (_, { signal }) => {
      const stopped = new Promise<Awaited<ReturnType<ModelProvider['complete']>>>((resolve) =>
        signal.addEventListener('abort', () => resolve({ status: 'failed', failure: { code: 'cancelled', message: 'stopped' }, spent: true, partialText: '' })),
      );
      queueMicrotask(() => runner.cancel('acme', 'other', undefined));
      queueMicrotask(() => runner.cancel('acme', 'w1', ['c1']));
      return stopped;
    });
    await runner.run(child('c1'));
    expect(published[0]?.result).toMatchObject({ failure: { code: 'cancelled' }, usage: { totalTokens: 12 } });
  });

  it('gives calls back when it is to end, and their claims with them', async () => {
    const { runner, published } = await workerOf('m1', (_, { signal }) => {
      const stopped = new Promise<Awaited<ReturnType<ModelProvider['complete']>>>((resolve) =>
        signal.addEventListener('abort', () => resolve({ status: 'failed', failure: { code: 'cancelled', message: 'stopped' }, spent: true, partialText: '' })),
      );
      queueMicrotask(() => void runner.handBack());
      return stopped;
    });
    await expect(runner.run(child('c1'))).rejects.toThrow('is ending');
    expect(published).toEqual([]);
    expect(runner.inFlight()).toBe(0);
    const next = await workerOf('m2', answered);
    await next.runner.run(child('c1'));
    expect(next.published[0]?.result).toMatchObject({ output: { text: 'yes' }, epoch: 2, usage: { attempts: 2 } });
  });

  it('frees the claim when it cannot do its own job', async () => {
    const { context } = await observedContext(redis, routerOf({}));
    const broken = { ...context, ledger: { ...context.ledger, recordedResult: () => Promise.reject(new FailureError('unavailable', 'Redis does not answer.')) } };
    const runner = createModelRunner({ bus: { publish: async () => ({ stream: '', seq: 0, duplicate: false }), notify: () => undefined }, claims: createClaims(redis), context: broken });
    await expect(runner.run(child('c1'))).rejects.toMatchObject({ failure: { code: 'unavailable' } });
    expect(await createClaims(redis).read(REF, 'c1')).toMatchObject({ status: 'open' });
  });
});
