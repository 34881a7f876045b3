import { FailureError, ModelResult, type ModelCall } from '@trivet/contracts';
import { connectRedis, createLedger, type AccountRef, type Ledger, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { answerCall } from '../answer-call.js';
import type { ModelProvider, ProviderAnswer, ProviderRefusal } from '../providers/provider.js';
import { createPlaces } from '../routing/places.js';
import type { Router } from '../routing/router.js';
import { localRouter, modelCall, observedContext, routerOf, targetOf } from './context-for-tests.js';

const TENANT: AccountRef = { scope: 'tenant', tenant: 'acme', id: 'acme' };
const ask = { messages: [{ role: 'user' as const, content: 'How are you?' }] };
const answered = (text: string, rest: Partial<ProviderAnswer> = {}): ProviderAnswer => ({ status: 'answered', text, finishReason: 'stop', usage: { inputTokens: 12, outputTokens: 5, source: 'reported' }, model: 'm', ...rest });
const refused = (code: 'model_unavailable' | 'model_unauthorized' | 'model_request_invalid', rest: Partial<ProviderRefusal> = {}): ProviderRefusal => ({ status: 'failed', failure: { code, message: `scripted ${code}.` }, spent: false, partialText: '', ...rest });
/** Says something and then waits until it is stopped. */
const endless: ModelProvider['complete'] = (_, { signal, onDelta }) =>
  new Promise((resolve) => {
    onDelta?.('slow ');
    signal.addEventListener('abort', () => resolve({ ...refused('model_unavailable'), spent: true, partialText: 'slow ' }), { once: true });
  });
const silent: ModelProvider['complete'] = (_, { signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve({ ...refused('model_unavailable'), spent: true }), { once: true }));

describe('a chain of endpoints', () => {
  let server: TestServer;
  let redis: Redis;
  let ledger: Ledger;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
    ledger = createLedger(redis);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => redis.flushall());

  async function answer(router: Router, call: ModelCall, { signal = new AbortController().signal }: { signal?: AbortSignal } = {}) {
    const { context, observed } = await observedContext(redis, router);
    return { result: ModelResult.parse(await answerCall(call, context, { epoch: 1, signal })), observed };
  }
  const total = async (): Promise<{ used?: number; held?: number }> => {
    const [row] = (await ledger.readAccount(TENANT)).windows;
    return { used: row?.usedTokens, held: row?.heldTokens };
  };

  describe('when an answer breaks off', () => {
    const cut: ModelProvider['complete'] = async (_, { onDelta }) => (onDelta?.('half an '), { ...refused('model_unavailable'), spent: true, partialText: 'half an ' });

    it('is charged for what came, goes on at the next endpoint, and says so in pieces and record', async () => {
      const { result, observed } = await answer(routerOf({ medium: [targetOf('a', cut), targetOf('b', async (_, { onDelta }) => (onDelta?.('whole'), onDelta?.(' answer'), answered('whole answer')))] }), modelCall('c1', ask));
      expect(result.output?.text).toBe('whole answer');
      expect(observed.deltas.map(({ index, text, restarted }) => [index, text, restarted])).toEqual([[0, 'half an ', undefined], [1, 'whole', true], [2, ' answer', undefined]]);
      expect(result.tried).toMatchObject([{ endpoint: 'a', outcome: 'model_unavailable', inputTokens: 12, outputTokens: 8 }, { endpoint: 'b', outcome: 'answered', outputTokens: 5 }]);
      expect(await total()).toEqual({ used: 12 + 8 + 12 + 5, held: 0 });
    });

    it('is asked for again at the same endpoint where there is no other', async () => {
      let asked = 0;
      const { result } = await answer(routerOf({ medium: [targetOf('a', async (request, options) => ((asked += 1), asked < 3 ? cut(request, options) : answered('at last')))] }), modelCall('c1', ask));
      expect(result.output?.text).toBe('at last');
      expect(result.tried).toHaveLength(3);
    });
  });

  it('keeps what was charged, and why it fails, when a smaller tier cannot serve a call that may degrade', async () => {
    await ledger.setLimits({ scope: 'workflow', tenant: 'acme', id: 'w1' }, [{ window: 'total', limitTokens: 130 }]);
    const router = routerOf({ medium: [targetOf('a', async () => ({ ...refused('model_unauthorized'), spent: true, partialText: 'x'.repeat(80) })), targetOf('b', async () => answered('b'))] });
    const failing: Router = { ...router, resolve: async (wanted) => { if (wanted.tier === 'small') throw new FailureError('capability_unavailable', 'no'); return router.resolve(wanted); } };
    const { result } = await answer(failing, modelCall('c1', { ...ask, maxTokens: 100 }, { onExceed: 'degrade' }));
    expect(result).toMatchObject({ failure: { code: 'budget_exceeded' }, usage: { attempts: 1, outputTokens: 80 }, tried: [{ endpoint: 'a' }] });
  });

  it('records a result that is too large for that by leaving out what only explains', async () => {
    const schema = { type: 'array', items: { type: 'string' } };
    const { result } = await answer(routerOf({ medium: [targetOf('a', async () => answered(JSON.stringify(Array(3_000).fill(1))))] }), modelCall('c1', { ...ask, schema }));
    expect(result.failure?.code).toBe('model_output_invalid');
    expect(JSON.stringify(result).length).toBeLessThan(10_000);
    const large = await answer(routerOf({ medium: [targetOf('a', async () => refused('model_unauthorized')), targetOf('b', async () => answered('x'.repeat(65_000)))] }), modelCall('c2', ask));
    expect(large.result).toHaveProperty('outputRef');
    expect(await total()).toMatchObject({ held: 0 });
  });

  it('charges tools and what had come of a call of one, also where it was cancelled', async () => {
    const tools = [{ name: 'f', description: 'd'.repeat(500), input: { type: 'object' } }];
    const { result } = await answer(routerOf({ medium: [targetOf('a', async () => ({ ...refused('model_unauthorized'), spent: true, partialArguments: 'y'.repeat(40) }))] }), modelCall('c1', { ...ask, tools, maxTokens: 100 }));
    expect(result.usage?.inputTokens).toBeGreaterThan(500);
    expect(result.usage?.outputTokens).toBe(40);
  });

  it('says which endpoints failed and how, with the failure that trying again may mend', async () => {
    const { result } = await answer(routerOf({ medium: [targetOf('a', async () => refused('model_request_invalid')), targetOf('b', async () => refused('model_unavailable')), targetOf('c', async () => refused('model_unauthorized'))] }), modelCall('c1', ask));
    expect(result.failure).toMatchObject({ code: 'model_unavailable', message: 'scripted model_unavailable. Also tried: a (model_request_invalid), c (model_unauthorized).' });
  });

  describe('with hedging', () => {
    it('asks the next when the first gives nothing, takes whoever speaks first, and charges both', async () => {
      const { result, observed } = await answer(routerOf({ medium: [targetOf('a', silent, { hedgeAfterMs: 10 }), targetOf('b', async (_, { onDelta }) => (onDelta?.('quick'), answered('quick')))] }), modelCall('c1', ask));
      expect(result.output).toMatchObject({ text: 'quick', model: 'b' });
      expect(result.tried?.map(({ endpoint }) => endpoint)).toEqual(['a', 'b']);
      expect(result.usage).toMatchObject({ attempts: 2, inputTokens: 24 });
      expect(observed.deltas.map(({ text }) => text)).toEqual(['quick']);
      expect(await total()).toEqual({ used: 12 + 12 + 5, held: 0 });
    });

    it('shows nothing of the one that loses', async () => {
      const later: ModelProvider['complete'] = async (_, { onDelta }) => (await new Promise((resolve) => setTimeout(resolve, 30)), onDelta?.('mine'), answered('mine'));
      const first: ModelProvider['complete'] = async (_, options) => (await new Promise((resolve) => setTimeout(resolve, 200)), endless(_, options));
      const { result, observed } = await answer(routerOf({ medium: [targetOf('a', first, { hedgeAfterMs: 10, stopGraceMs: 300 }), targetOf('b', later)] }), modelCall('c1', ask));
      expect(result.output?.text).toBe('mine');
      expect(observed.deltas.map(({ text }) => text)).toEqual(['mine']);
    });

    it('keeps the first when the second cannot answer, and needs no second for a quick one', async () => {
      const slow: ModelProvider['complete'] = async (_, { onDelta }) => (await new Promise((resolve) => setTimeout(resolve, 60)), onDelta?.('slow'), answered('slow'));
      const { result } = await answer(routerOf({ medium: [targetOf('a', slow, { hedgeAfterMs: 10 }), targetOf('b', async () => refused('model_unavailable'))] }), modelCall('c1', ask));
      expect(result.output?.text).toBe('slow');
      expect(await total()).toEqual({ used: 17, held: 0 });
    });

    it('does not wait for a place of its own endpoint, which the first one holds', async () => {
      const places = createPlaces(1);
      const slow: ModelProvider['complete'] = async () => (await new Promise((resolve) => setTimeout(resolve, 60)), answered('slow'));
      const { result } = await answer(routerOf({ medium: [targetOf('a', slow, { hedgeAfterMs: 10, places }), targetOf('b', async () => answered('never'), { places })] }), modelCall('c1', ask));
      expect(result.output?.text).toBe('slow');
      expect(places.tryEnter()).toBe(true);
    });

    it('stops both when the call is cancelled', async () => {
      const stop = new AbortController();
      setTimeout(() => stop.abort(Object.assign(new Error('given back'))), 50);
      await expect(answer(routerOf({ medium: [targetOf('a', silent, { hedgeAfterMs: 10 }), targetOf('b', silent)] }), modelCall('c1', ask), { signal: stop.signal })).rejects.toThrow('given back');
      expect((await total()).held).toBe(0);
    });
  });

  describe('with limits of an endpoint', () => {
    it('waits for its rate when that is short, and goes on to the next when it is long', async () => {
      const limited = targetOf('a', async () => answered('a'), { rates: { requestsPerMinute: 30 } });
      const router = routerOf({ medium: [limited, targetOf('b', async () => answered('b'))] });
      const answers = [];
      for (let n = 0; n < 14; n += 1) answers.push(await answer(router, modelCall(`c${n}`, ask)));
      const texts = answers.map(({ result }) => result.output?.text);
      // Three at once, then one every 2.2 s while that is at most 5 s away (the context waits no time at all), then the next endpoint.
      expect(texts.slice(0, 4)).toEqual(Array(4).fill('a'));
      expect(texts.filter((text) => text === 'b').length).toBeGreaterThanOrEqual(3);
      const waits = answers.flatMap(({ observed }) => observed.waits);
      expect(waits.length).toBeGreaterThanOrEqual(1);
      expect(Math.max(...waits)).toBeLessThanOrEqual(5_000);
    });

    it('says what the limit is and when there is room, where there is no other endpoint', async () => {
      const router = routerOf({ medium: [targetOf('a', async () => answered('a'), { rates: { requestsPerMinute: 1 } })] });
      await answer(router, modelCall('c1', ask));
      expect((await answer(router, modelCall('c2', ask))).result.failure).toMatchObject({ code: 'model_rate_limited', message: expect.stringMatching(/^Endpoint a takes 1 requests a minute by its configuration, and there is room only in \d+ ms\.$/), detail: { requestsPerMinute: 1 } });
    });

    it('takes nothing from the rate of all for a call that its account cannot pay, and holds nothing for one that the rate refuses', async () => {
      const limited = routerOf({ medium: [targetOf('a', async () => answered('a'), { rates: { requestsPerMinute: 2 } })] });
      await ledger.setLimits({ scope: 'workflow', tenant: 'acme', id: 'poor' }, [{ window: 'total', limitTokens: 1 }]);
      for (let n = 0; n < 5; n += 1) expect((await answer(limited, modelCall(`p${n}`, { ...ask, maxTokens: 50 }, { workflowId: 'poor' }))).result.failure?.code).toBe('budget_exceeded');
      expect((await answer(limited, modelCall('c1', ask))).result.output?.text).toBe('a');
      expect((await answer(limited, modelCall('c2', ask))).result.failure?.code).toBe('model_rate_limited');
      expect(await total()).toEqual({ used: 17, held: 0 });
    });

    it('gives tokens back that an answer did not use', async () => {
      const router = routerOf({ medium: [targetOf('a', async () => answered('a'), { rates: { tokensPerMinute: 1_000 } })] });
      // Each takes 112 of the 100 that may come at once, and uses 17.
      for (let n = 0; n < 5; n += 1) expect((await answer(router, modelCall(`c${n}`, ask))).result.output?.text).toBe('a');
    });

    it('lets no more in at once than there are places, in their order, and forgets who gives up', async () => {
      const places = createPlaces(2);
      let inside = 0;
      let most = 0;
      const busy: ModelProvider['complete'] = async () => {
        most = Math.max(most, (inside += 1));
        await new Promise((resolve) => setTimeout(resolve, 10));
        inside -= 1;
        return answered('done');
      };
      const router = routerOf({ medium: [targetOf('a', busy, { places })] });
      const gone = new AbortController();
      const all = Array.from({ length: 8 }, (_, n) => answer(router, modelCall(`c${n}`, ask), n === 5 ? { signal: gone.signal } : {}));
      setTimeout(() => gone.abort(new Error('given back')), 5);
      const settled = await Promise.allSettled(all);
      expect(most).toBe(2);
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
      await expect(places.enter(AbortSignal.timeout(1_000))).resolves.toBeUndefined();
      await expect(places.enter(AbortSignal.timeout(1_000))).resolves.toBeUndefined();
    });
  });

  describe('with answers that may be given again', () => {
    const request = { ...ask, cacheMs: 60_000 };

    it('gives the tenant’s own answer to the same request, marked and for nothing', async () => {
      let asked = 0;
      const router = routerOf({ medium: [targetOf('a', async () => answered(`answer ${(asked += 1)}`))] });
      expect((await answer(router, modelCall('c1', request))).result.output).toMatchObject({ text: 'answer 1' });
      const before = await total();
      const again = (await answer(router, modelCall('c2', request))).result;
      expect(again.output).toMatchObject({ text: 'answer 1', cached: true });
      expect(again).not.toHaveProperty('usage');
      expect(await total()).toEqual(before);
      expect((await answer(router, modelCall('c2', request))).result).toMatchObject({ replayed: true, output: { cached: true } });
    });

    it('asks anew for another request, tenant or place, without the word for it, and after its time', async () => {
      let asked = 0;
      const router = routerOf({ medium: [targetOf('a', async () => answered(`answer ${(asked += 1)}`))] });
      const short = { ...ask, cacheMs: 1_000 };
      await answer(router, modelCall('c1', short));
      await answer(router, modelCall('c2', { ...short, temperature: 1 }));
      await answer(router, modelCall('c3', short, { tenant: 'other' }));
      await answer(router, modelCall('c4', ask));
      await answer(routerOf({ medium: [targetOf('b', async () => answered(`answer ${(asked += 1)}`))] }), modelCall('c5', short));
      expect(asked).toBe(5);
      await new Promise((resolve) => setTimeout(resolve, 1_050));
      await answer(router, modelCall('c6', short));
      expect(asked).toBe(6);
    });

    it('keeps no answer that was cut', async () => {
      let asked = 0;
      const router = routerOf({ medium: [targetOf('a', async () => ((asked += 1), answered('cut', { finishReason: 'length' })))] });
      await answer(router, modelCall('c1', request));
      await answer(router, modelCall('c2', request));
      expect(asked).toBe(2);
    });
  });

  describe('with embeddings', () => {
    it('embeds offline, holding and charging what it counts', async () => {
      const { result } = await answer(localRouter(), modelCall('c1', { embed: ['red apples', 'green apples', 'nuclear reactors'] }));
      const [red = [], green = [], other = []] = result.output?.embeddings ?? [];
      const near = (left: number[], right: number[]): number => left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);
      expect(near(red, green)).toBeGreaterThan(near(red, other));
      expect(await total()).toEqual({ used: result.usage?.inputTokens, held: 0 });
      expect(result.usage?.inputTokens).toBeGreaterThan(0);
    });

    it('estimates what a vendor does not report, and refuses where nobody embeds', async () => {
      const provider = targetOf('a', async () => answered('')).provider;
      const embedder = targetOf('a', async () => answered(''), { provider: { ...provider, boundEmbeddingTokens: async ({ inputs }) => inputs.join('').length, embed: async ({ inputs }) => ({ status: 'answered', vectors: inputs.map(() => [1, 0]), model: 'm' }) } });
      const { result } = await answer(routerOf({ medium: [embedder] }), modelCall('c1', { embed: ['abc', 'de'] }));
      expect(result).toMatchObject({ output: { embeddings: [[1, 0], [1, 0]] }, usage: { inputTokens: 5, outputTokens: 0, source: 'estimated' } });
      expect((await answer(routerOf({ medium: [targetOf('b', async () => answered(''))] }), modelCall('c2', { embed: ['abc'] }))).result.failure).toMatchObject({ code: 'capability_unavailable', message: 'Endpoint b makes no embeddings.' });
    });
  });

  it('holds for an image the most it can count, and charges it where nobody says what it took', async () => {
    const image = { mediaType: 'image/png' as const, data: 'iVBORw0KGgo=' };
    const request = { messages: [{ role: 'user' as const, content: 'What is this?', images: [image, image] }], maxTokens: 10 };
    await ledger.setLimits(TENANT, [{ window: 'total', limitTokens: 2_022 }]);
    const target = targetOf('a', async () => ({ ...answered('a cat'), usage: undefined }));
    expect((await answer(routerOf({ medium: [target] }), modelCall('c1', request))).result.failure?.message).toContain('this call may need 2023');
    await ledger.setLimits(TENANT, [{ window: 'total', limitTokens: 2_023 }]);
    expect((await answer(routerOf({ medium: [target] }), modelCall('c1', request))).result.usage).toMatchObject({ inputTokens: 2_013, outputTokens: 5, source: 'estimated' });
  });

  it('tells a model the schema where its endpoint cannot be held to it, and checks the answer all the same', async () => {
    const schema = { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] };
    const capabilities = { tools: true, schema: false, generate: true, images: false, embed: false };
    const asked: unknown[] = [];
    const target = targetOf('a', async (request) => (asked.push({ schema: request.schema, system: request.messages[0]?.content }), answered(asked.length === 1 ? '{"n":"x"}' : '{"n":1}')), { capabilities });
    const { result } = await answer(routerOf({ medium: [target] }), modelCall('c1', { ...ask, schema }));
    expect(result.output?.value).toEqual({ n: 1 });
    expect(asked[0]).toEqual({ schema: undefined, system: expect.stringContaining('"required":["n"]') });
    expect(asked).toHaveLength(2);
  });
});
