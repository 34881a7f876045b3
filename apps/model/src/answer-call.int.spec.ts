import { FailureError, ModelResult, type ModelCall } from '@trivet/contracts';
import { connectRedis, createLedger, type AccountRef, type Ledger, type Redis } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import { answerCall } from './answer-call.js';
import { localRouter, modelCall, observedContext, routerOf, targetOf } from './answering/context-for-tests.js';
import type { ProviderAnswer, ProviderRefusal } from './providers/provider.js';
import type { Router } from './routing/router.js';

const WORKFLOW: AccountRef = { scope: 'workflow', tenant: 'acme', id: 'w1' };
const TENANT: AccountRef = { scope: 'tenant', tenant: 'acme', id: 'acme' };
const TEXT =
  'Trivet is a platform for durable agent work. It has three services that share a message bus. The executor runs tools in a sandbox. ' +
  'The model tier talks to vendors and keeps the books. The orchestrator plans and never calls a vendor. Everything survives kill -9.';
const ask = { messages: [{ role: 'user' as const, content: 'How are you?' }] };
const answered = (text: string, usage = { inputTokens: 12, outputTokens: 5 }): ProviderAnswer => ({ status: 'answered', text, finishReason: 'stop', usage: { ...usage, source: 'reported' }, model: 'm' });
const failed = (code: 'model_unavailable' | 'model_rate_limited' | 'model_request_invalid' | 'model_unauthorized' | 'cancelled', rest: Partial<ProviderRefusal> = {}): ProviderRefusal => ({
  status: 'failed',
  failure: { code, message: `scripted ${code}` },
  spent: false,
  partialText: '',
  ...rest,
});

describe('answering a model call', () => {
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
  const dying: AbortController[] = [];
  afterEach(() => dying.splice(0).forEach((controller) => controller.abort(new Error('the test is over'))));

  /** A worker that reserves, asks the vendor, and is never heard of again. */
  async function abandon(call: ModelCall): Promise<void> {
    const { context } = await observedContext(redis, routerOf({ medium: [targetOf('a', () => new Promise(() => undefined), { stopGraceMs: 0 })] }));
    const controller = new AbortController();
    dying.push(controller);
    answerCall(call, context, { epoch: 1, signal: controller.signal }).catch(() => undefined);
    await until(async () => (await totals(TENANT)).held === 112);
  }

  async function answer(router: Router, call: ModelCall, options: { epoch?: number; signal?: AbortSignal; redis?: Redis } = {}) {
    const { context, observed } = await observedContext(options.redis ?? redis, router);
    const result = await answerCall(call, context, { epoch: options.epoch ?? 1, signal: options.signal ?? new AbortController().signal });
    return { result: ModelResult.parse(result), observed };
  }
  const totals = async (account: AccountRef) => {
    const row = (await ledger.readAccount(account)).windows[0];
    return { used: row?.usedTokens, held: row?.heldTokens, usedNanoUsd: row?.usedNanoUsd, heldNanoUsd: row?.heldNanoUsd };
  };

  describe('with the offline provider', () => {
    it('summarises, says what it is, and charges every account', async () => {
      const call = modelCall('c1', { prompt: 'summarise@production', variables: { text: TEXT, focus: 'sandbox' } }, { user: 'ada', session: 'chat' });
      const { result, observed } = await answer(localRouter(), call);
      expect(result).toMatchObject({ callId: 'c1', worker: 'model-1', epoch: 1, output: { provider: 'local', model: 'local/extractive', notice: 'extractive summary; no language model configured', prompt: { name: 'summarise', version: 1 } } });
      expect(result.output?.text).toContain('sandbox');
      expect(result.usage).toMatchObject({ attempts: 1, costNanoUsd: 0, source: 'estimated' });
      expect(result.usage?.totalTokens).toBeGreaterThan(20);
      for (const scope of ['workflow', 'session', 'user', 'tenant', 'global'] as const) {
        const id = { workflow: 'w1', session: 'chat', user: 'ada', tenant: 'acme', global: 'global' }[scope];
        expect(await totals({ scope, tenant: 'acme', id })).toMatchObject({ used: result.usage?.totalTokens, held: 0 });
      }
      expect(observed.deltas.map(({ text }) => text).join('')).toBe(result.output?.text);
    });

    it('composes the report of the research template', async () => {
      const overview = { summary: 'Acme builds trivets. It was founded in 1911. It has 40 people.', sources: [{ title: 'Acme', url: 'https://acme.example/' }], source: 'sample' };
      const { result } = await answer(localRouter(), modelCall('c1', { prompt: 'report@production', variables: { goal: 'Research Acme', overview, funding: 'Acme raised 3 million in 2020.' } }));
      expect(result.output?.text).toBe(
        '# Research Acme\n\n## Overview\n\nAcme builds trivets. It was founded in 1911. It has 40 people.\n\n## Funding\n\nAcme raised 3 million in 2020.\n\n## Sources\n\n- Acme: https://acme.example/',
      );
    });

    it('refuses what needs a language model, for nothing, and names the variables to set', async () => {
      const { result } = await answer(localRouter(), modelCall('c1', ask));
      expect(result.failure?.code).toBe('capability_unavailable');
      expect(result.failure?.message).toMatch(/OPENAI_API_KEY.*OPENAI_BASE_URL/);
      expect(result.usage).toBeUndefined();
      expect(await totals(TENANT)).toMatchObject({ used: 0, held: 0 });
    });
  });

  describe('when a call is delivered again', () => {
    it('sends the recorded result under the new claim, and neither asks nor charges', async () => {
      let asked = 0;
      const router = routerOf({ medium: [targetOf('a', async () => answered(`answer ${(asked += 1)}`))] });
      const first = await answer(router, modelCall('c1', ask));
      const again = await answer(router, modelCall('c1', ask), { epoch: 2 });
      expect(again.result).toEqual({ ...first.result, epoch: 2, replayed: true });
      expect(asked).toBe(1);
      expect(await totals(TENANT)).toMatchObject({ used: 17, held: 0 });
    });

    it('also replays a failure that was charged', async () => {
      const router = routerOf({ medium: [targetOf('a', async () => failed('model_request_invalid', { spent: true }))] });
      const first = await answer(router, modelCall('c1', ask));
      const again = await answer(routerOf({}), modelCall('c1', ask));
      expect(again.result).toEqual({ ...first.result, replayed: true });
    });

    it('after a crash between provider and settlement, charges the lost attempt in full and asks anew', async () => {
      await abandon(modelCall('c1', ask));
      const { result } = await answer(routerOf({ medium: [targetOf('a', async () => answered('at last'))] }), modelCall('c1', ask), { epoch: 2 });
      expect(result).toMatchObject({ output: { text: 'at last' }, usage: { attempts: 2, totalTokens: 112 + 17, source: 'estimated' } });
      expect(await totals(TENANT)).toMatchObject({ used: 112 + 17, held: 0 });
    });

    it('after a crash under the offline provider, takes the hold over and charges once', async () => {
      const call = modelCall('c1', { prompt: 'summarise', variables: { text: TEXT } });
      const router = localRouter();
      const { context } = await observedContext(redis, router);
      const dying = { ...context, ledger: { ...context.ledger, settle: () => Promise.reject(new FailureError('unavailable', 'killed')) } };
      await expect(answerCall(call, dying, { epoch: 1, signal: new AbortController().signal })).rejects.toThrow('killed');
      expect((await totals(TENANT)).held).toBeGreaterThan(0);
      const { result } = await answer(router, call, { epoch: 2 });
      expect(result.usage?.attempts).toBe(1);
      expect(await totals(TENANT)).toMatchObject({ used: result.usage?.totalTokens, held: 0 });
    });

    it('gives the result that was recorded first when two workers answer', async () => {
      const router = routerOf({ medium: [targetOf('a', async () => answered('second'))] });
      const { context } = await observedContext(redis, router);
      const late = { ...context, ledger: { ...context.ledger, recordedResult: async () => null } };
      const first = await answer(routerOf({ medium: [targetOf('a', async () => answered('first'))] }), modelCall('c1', ask));
      const second = await answerCall(modelCall('c1', ask), late, { epoch: 2, signal: new AbortController().signal });
      expect(second).toMatchObject({ output: first.result.output, epoch: 2, replayed: true });
    });

    it('refuses a call id that comes with another request', async () => {
      await abandon(modelCall('c1', ask));
      const { result } = await answer(routerOf({ medium: [targetOf('a', async () => answered('no'))] }), modelCall('c1', { messages: [{ role: 'user', content: 'Something else' }] }));
      expect(result.failure?.code).toBe('state_conflict');
    });
  });

  describe('when an account has not enough left', () => {
    it('fails with the account, the window and the figures, and asks nobody', async () => {
      await ledger.setLimits(TENANT, [{ window: 'day', limitTokens: 100 }]);
      const { result } = await answer(routerOf({ medium: [targetOf('a', async () => answered('no'))] }), modelCall('c1', { ...ask, maxTokens: 99 }));
      expect(result.failure?.code).toBe('budget_exceeded');
      expect(result.failure?.message).toBe('Account tenant/acme has not enough left: its day limit is 100 tokens, 0 are used and 0 are held, and this call may need 111.');
      expect(result.failure?.detail).toMatchObject({ account: 'tenant/acme', window: 'day', metric: 'tokens', remaining: 100 });
      await ledger.setLimits(TENANT, [{ window: 'day', limitTokens: 1_000 }]);
      expect((await answer(routerOf({ medium: [targetOf('a', async () => answered('yes'))] }), modelCall('c1', { ...ask, maxTokens: 99 }))).result.output?.text).toBe('yes');
    });

    it('cuts the output to what is left where the call does not say how much it wants', async () => {
      await ledger.setLimits(WORKFLOW, [{ window: 'total', limitTokens: 40 }]);
      let maxTokens = 0;
      const router = routerOf({ medium: [targetOf('a', async (request) => ((maxTokens = request.maxTokens), answered('short')))] });
      const { result, observed } = await answer(router, modelCall('c1', ask));
      expect(maxTokens).toBe(28);
      expect(result.output?.text).toBe('short');
      expect(observed.crossed).toMatchObject([{ name: 'workflow/w1', limit: 40 }]);
      expect(result.crossed).toEqual([{ account: 'workflow/w1', window: 'total', metric: 'tokens', limit: 40, used: 0, held: 40 }]);
      expect((await answer(router, modelCall('c2', ask))).result.failure?.code).toBe('budget_exceeded');
    });

    it('degrades to a smaller tier when the task allows it', async () => {
      await ledger.setLimits(WORKFLOW, [{ window: 'total', limitNanoUsd: 1_000_000 }]);
      const price = { inputUsdPerMillion: 10, outputUsdPerMillion: 100 };
      const router = routerOf({ medium: [targetOf('dear', async () => answered('dear'), { price })], small: [targetOf('cheap', async () => answered('cheap'))] });
      const request = { ...ask, maxTokens: 90 };
      expect((await answer(router, modelCall('c1', request))).result.failure?.code).toBe('budget_exceeded');
      expect((await answer(router, modelCall('c2', request, { onExceed: 'degrade' }))).result.output?.text).toBe('cheap');
    });
  });

  describe('when a vendor fails', () => {
    it('tries again, waits as long as it is asked to, and charges only what was spent', async () => {
      const script = [failed('model_rate_limited', { retryAfterMs: 2_000 }), failed('model_unavailable', { spent: true, partialText: 'half an ans' }), answered('whole')];
      const price = { inputUsdPerMillion: 1, outputUsdPerMillion: 2 };
      const { result, observed } = await answer(routerOf({ medium: [targetOf('a', async () => script.shift() ?? answered('never'), { price })] }), modelCall('c1', ask));
      expect(result).toMatchObject({ output: { text: 'whole' }, usage: { attempts: 2, inputTokens: 24, outputTokens: 16, costNanoUsd: 24_000 + 32_000 } });
      expect(observed.waits[0]).toBeGreaterThanOrEqual(2_000);
      expect(await totals(TENANT)).toEqual({ used: 40, held: 0, usedNanoUsd: 56_000, heldNanoUsd: 0 });
    });

    it('goes on to the next in the chain, and ends where nothing would help', async () => {
      const broken = targetOf('a', async () => failed('model_unauthorized'));
      const { result } = await answer(routerOf({ medium: [broken, targetOf('b', async () => answered('from b'))] }), modelCall('c1', ask));
      expect(result.output).toMatchObject({ text: 'from b', model: 'b' });
      const refusing = targetOf('a', async () => failed('model_request_invalid'));
      expect((await answer(routerOf({ medium: [refusing, broken] }), modelCall('c2', ask))).result.failure?.code).toBe('model_request_invalid');
    });

    it('leaves an endpoint alone that fails again and again', async () => {
      let asked = 0;
      const router = routerOf({ medium: [targetOf('a', async () => ((asked += 1), failed('model_unavailable')))] });
      await answer(router, modelCall('c1', ask));
      await answer(router, modelCall('c2', ask));
      const { result } = await answer(router, modelCall('c3', ask));
      expect(asked).toBe(5);
      expect(result.failure?.message).toContain('left alone');
    });

    it('treats a provider that throws as an attempt that may have spent', async () => {
      const { result, observed } = await answer(routerOf({ medium: [targetOf('a', async () => Promise.reject(new Error('defect')))] }), modelCall('c1', ask));
      expect(result.failure).toMatchObject({ code: 'internal' });
      expect(JSON.stringify(result)).not.toContain('defect');
      expect(observed.notices[0]).toContain('scripted threw');
      expect(await totals(TENANT)).toMatchObject({ used: 36, held: 0 });
    });
  });

  describe('when a schema is asked for', () => {
    const request = { ...ask, schema: { type: 'object', properties: { answer: { type: 'number' } }, required: ['answer'] } };

    it('parses and checks the answer, after one repair if need be', async () => {
      const script = [answered('{"answer":"x"}'), answered('```json\n{"answer":42}\n```')];
      const seen: number[] = [];
      const router = routerOf({ medium: [targetOf('a', async ({ messages }) => (seen.push(messages.length), script.shift() ?? answered('')))] });
      const { result } = await answer(router, modelCall('c1', request));
      expect(result).toMatchObject({ output: { value: { answer: 42 } }, usage: { attempts: 2, totalTokens: 34 } });
      expect(seen).toEqual([1, 3]);
    });

    it('gives up after the repair', async () => {
      const { result } = await answer(routerOf({ medium: [targetOf('a', async () => answered('no json'))] }), modelCall('c1', request));
      expect(result).toMatchObject({ failure: { code: 'model_output_invalid' }, usage: { attempts: 2 } });
    });

    it('refuses a schema that is none before it spends anything', async () => {
      const { result } = await answer(routerOf({}), modelCall('c1', { ...ask, schema: { type: 'nonsense' } }));
      expect(result.failure?.code).toBe('invalid_request');
    });
  });

  describe('when it is stopped', () => {
    const halfway = (started: () => void) =>
      targetOf('a', (_, { signal, onDelta }) => {
        onDelta?.('half');
        const stopped = new Promise<ProviderRefusal>((resolve) => signal.addEventListener('abort', () => resolve(failed('cancelled', { spent: true, partialText: 'half' }))));
        started();
        return stopped;
      });

    it('charges what was used when the workflow is cancelled', async () => {
      const cancel = new AbortController();
      const router = routerOf({ medium: [halfway(() => cancel.abort(new FailureError('cancelled', 'The workflow was cancelled.')))] });
      const { result } = await answer(router, modelCall('c1', ask), { signal: cancel.signal });
      expect(result).toMatchObject({ failure: { code: 'cancelled', message: 'The workflow was cancelled.' }, usage: { inputTokens: 12, outputTokens: 4 } });
      expect(await totals(TENANT)).toMatchObject({ used: 16, held: 0 });
    });

    it('gives the call back when the process is to end, with what was used charged', async () => {
      const drain = new AbortController();
      const router = routerOf({ medium: [halfway(() => drain.abort(new Error('draining')))] });
      await expect(answer(router, modelCall('c1', ask), { signal: drain.signal })).rejects.toThrow('draining');
      expect(await totals(TENANT)).toMatchObject({ used: 16, held: 0 });
      const { result } = await answer(routerOf({ medium: [targetOf('a', async () => answered('later'))] }), modelCall('c1', ask), { epoch: 2 });
      expect(result).toMatchObject({ output: { text: 'later' }, usage: { attempts: 2, totalTokens: 33 } });
    });

    it('ends at the deadline of the call', async () => {
      const { result } = await answer(routerOf({ medium: [halfway(() => undefined)] }), modelCall('c1', ask, { deadlineAt: Date.now() + 50 }));
      expect(result.failure?.code).toBe('deadline_exceeded');
      expect((await answer(routerOf({}), modelCall('c2', ask, { deadlineAt: Date.now() - 1 }))).result.failure?.code).toBe('deadline_exceeded');
    });

    it('does not wait for a provider that does not listen', async () => {
      const deaf = targetOf('a', (_, { onDelta }) => (onDelta?.('some'), new Promise(() => undefined)), { timeoutMs: 20, stopGraceMs: 20 });
      const { result } = await answer(routerOf({ medium: [deaf, targetOf('b', async () => answered('from b'))] }), modelCall('c1', ask));
      expect(result).toMatchObject({ output: { text: 'from b' }, usage: { attempts: 2, outputTokens: 4 + 5 } });
    });

    it('ends an attempt at the time limit of its endpoint', async () => {
      const slow = { ...halfway(() => undefined), timeoutMs: 30 };
      const { result } = await answer(routerOf({ medium: [slow, targetOf('b', async () => answered('from b'))] }), modelCall('c1', ask));
      expect(result).toMatchObject({ output: { text: 'from b' }, usage: { attempts: 2 } });
    });
  });

  it('keeps an answer over 64 KiB as a blob', async () => {
    const long = 'x'.repeat(70_000);
    const { result } = await answer(routerOf({ medium: [targetOf('a', async () => answered(long))] }), modelCall('c1', ask));
    expect(result.output).toBeUndefined();
    if (!result.outputRef) throw new Error('no reference');
    const { context } = await observedContext(redis, routerOf({}));
    expect(await context.blobs.load(result.outputRef)).toMatchObject({ text: long });
  });

  it('tells what is wrong with a prompt or its variables', async () => {
    const call = (request: ModelCall['request']) => answer(localRouter(), modelCall('c1', request));
    expect((await call({ prompt: 'nothing', variables: {} })).result.failure).toMatchObject({ code: 'prompt_unknown', message: expect.stringContaining('report, summarise') });
    expect((await call({ prompt: 'summarise', variables: { txt: 'x' } })).result.failure).toMatchObject({ code: 'prompt_variables_invalid', message: expect.stringMatching(/'text' is missing.*'txt' is not one it takes/) });
  });

  it('leaves the message to be delivered again when Redis does not answer', async () => {
    const gone = redis.duplicate({ port: 1, lazyConnect: true, retryStrategy: () => null, enableOfflineQueue: false });
    gone.on('error', () => undefined);
    let asked = 0;
    const router = routerOf({ medium: [targetOf('a', async () => ((asked += 1), answered('free')))] });
    await expect(answer(router, modelCall('c1', ask), { redis: gone })).rejects.toMatchObject({ failure: { code: 'unavailable' } });
    expect(asked).toBe(0);
  });
});

async function until(condition: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!(await condition())) if (Date.now() > deadline) throw new Error('not within 5 s');
}
