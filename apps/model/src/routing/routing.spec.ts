import { inlineExtractor } from '../providers/local/extractor.js';
import { createBreaker } from './breaker.js';
import { createRouter } from './create-router.js';
import { configFromEnvironment } from './default-config.js';
import { parseModelConfig } from './model-config.js';
import { listPrice } from './price-table.js';
import { afterFailure } from './retry.js';

const routerFor = (config: ReturnType<typeof configFromEnvironment>) => createRouter({ config, secrets: {}, extractor: inlineExtractor, nowMs: () => Date.parse('2026-11-22') });

describe('the breaker of an endpoint', () => {
  it('opens after failures in a row, lets one probe through when its time is over, and closes when that succeeds', () => {
    let now = 0;
    const breaker = createBreaker({ failures: 3, openMs: 100 }, () => now);
    for (const outcome of ['fail', 'fail', 'succeed', 'fail', 'fail', 'fail'] as const) {
      expect(breaker.admit()).toEqual({ admitted: true });
      breaker[outcome]();
    }
    now = 40;
    expect(breaker.admit()).toEqual({ admitted: false, retryInMs: 60 });
    now = 100;
    expect(breaker.state()).toBe('half_open');
    expect(breaker.admit()).toEqual({ admitted: true });
    expect(breaker.admit()).toMatchObject({ admitted: false });
    breaker.fail();
    expect(breaker.state()).toBe('open');
    now = 200;
    expect(breaker.admit()).toEqual({ admitted: true });
    breaker.forget();
    expect(breaker.admit()).toEqual({ admitted: true });
    breaker.succeed();
    expect(breaker.state()).toBe('closed');
  });
});

describe('what follows a failed attempt', () => {
  const options = { attempts: 3, initialMs: 100, maxMs: 1_000 };

  it('is another after a longer and longer wait with jitter, then the next endpoint', () => {
    expect(afterFailure({ code: 'model_unavailable' }, 1, options, 0)).toEqual({ next: 'again', waitMs: 50 });
    expect(afterFailure({ code: 'model_unavailable' }, 1, options, 1)).toEqual({ next: 'again', waitMs: 100 });
    expect(afterFailure({ code: 'model_unavailable' }, 2, options, 1)).toEqual({ next: 'again', waitMs: 200 });
    expect(afterFailure({ code: 'model_unavailable' }, 3, options, 1)).toEqual({ next: 'endpoint' });
  });

  it('comes no sooner than the vendor asks, and not at all when that is too long', () => {
    expect(afterFailure({ code: 'model_rate_limited', retryAfterMs: 900 }, 1, options, 0.5)).toEqual({ next: 'again', waitMs: 905 });
    expect(afterFailure({ code: 'model_rate_limited', retryAfterMs: 1_001 }, 1, options, 0.5)).toEqual({ next: 'endpoint' });
  });

  it('is decided by the failure table, and nothing where no endpoint would do better', () => {
    expect(afterFailure({ code: 'model_unauthorized' }, 1, options, 0)).toEqual({ next: 'endpoint' });
    expect(afterFailure({ code: 'model_request_invalid' }, 1, options, 0)).toEqual({ next: 'endpoint' });
    expect(afterFailure({ code: 'deadline_exceeded' }, 1, options, 0)).toEqual({ next: 'end' });
  });

  it('is the next endpoint, if there is one, after an answer that broke off', () => {
    expect(afterFailure({ code: 'model_unavailable', brokeOff: true }, 1, options, 0)).toEqual({ next: 'endpoint' });
    expect(afterFailure({ code: 'model_unavailable', brokeOff: false }, 1, options, 0)).toEqual({ next: 'again', waitMs: 50 });
  });
});

describe('the configuration of models', () => {
  it('is the offline provider alone when nothing is set, which is never a fallback', async () => {
    expect((await routerFor(configFromEnvironment({})).resolve({})).map(({ model }) => model)).toEqual(['local/extractive']);
    expect(await routerFor(configFromEnvironment({ OPENAI_API_KEY: 'k' })).models()).not.toContain('local/extractive');
    expect(configFromEnvironment({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }).endpoints).toMatchObject([{ baseUrl: 'http://127.0.0.1:1/v1', models: 'served' }]);
    expect(configFromEnvironment({ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'https://api.openai.com/v1' }).endpoints).toMatchObject([{ name: 'openai' }]);
  });

  it('gives each tier its chain, priced', async () => {
    const router = routerFor(configFromEnvironment({ OPENAI_API_KEY: 'k' }));
    expect((await router.resolve({ tier: 'large' })).map(({ model, price }) => [model, price.inputUsdPerMillion])).toEqual([['gpt-5', 1.25], ['gpt-4.1', 2]]);
    expect((await router.resolve({ model: 'gpt-4.1-nano', tier: 'large' })).map(({ model }) => model)).toEqual(['gpt-4.1-nano']);
    expect([router.smallerTier('large'), router.smallerTier(undefined), router.smallerTier('small')]).toEqual(['medium', 'small', undefined]);
    await expect(router.resolve({ model: 'gpt-9' })).rejects.toMatchObject({ failure: { code: 'model_unknown', message: expect.stringContaining('gpt-4.1-mini') } });
  });

  it('comes from a file, whose own prices rule', async () => {
    const config = parseModelConfig(
      `
endpoints:
  - name: lab
    provider: openai
    baseUrl: http://127.0.0.1:8000/v1
    models:
      - { id: big, vendorModel: qwen-72b, price: { inputUsdPerMillion: 0, outputUsdPerMillion: 0 }, maxOutputTokens: 900 }
      - { id: secret }
  - { name: spare, provider: openai, apiKeyVariable: SPARE_KEY, models: [{ id: big, price: { inputUsdPerMillion: 1, outputUsdPerMillion: 1 } }] }
tiers: { small: [big] }
`,
      'models.yaml',
    );
    const router = routerFor(config);
    expect(await router.resolve({ tier: 'small' })).toMatchObject([{ endpoint: 'lab', vendorModel: 'qwen-72b', maxOutputTokens: 900 }, { endpoint: 'spare', vendorModel: 'big', maxOutputTokens: 4_096 }]);
    await expect(router.resolve({ model: 'secret' })).rejects.toMatchObject({ failure: { code: 'model_unpriced' } });
  });

  it('reports every mistake of a file at once', () => {
    const text = 'endpoints: [{ name: a b, provider: openai, models: [] }, { name: c, provider: gopher }]\ntiers: { huge: [x] }\nretries: 3\n';
    expect(() => parseModelConfig(text, 'models.yaml')).toThrow(expect.objectContaining({ errors: expect.arrayContaining([
      expect.objectContaining({ pointer: '/endpoints/0/name' }),
      expect.objectContaining({ pointer: '/endpoints/1/provider' }),
      expect.objectContaining({ pointer: '/retries' }),
    ]) }));
    const crossed = 'endpoints: [{ name: a, provider: openai, models: [{ id: m }] }, { name: a, provider: openai }]\ntiers: { small: [x] }\n';
    expect(() => parseModelConfig(crossed, 'models.yaml')).toThrow(expect.objectContaining({ errors: [
      expect.objectContaining({ pointer: '/endpoints/1/name' }),
      expect.objectContaining({ pointer: '/endpoints/1/models' }),
      expect.objectContaining({ pointer: '/tiers/small/0' }),
    ] }));
  });

  it('knows a list price from its day on', () => {
    expect(listPrice('gpt-4.1', Date.parse('2025-04-13'))).toBeUndefined();
    expect(listPrice('gpt-4.1', Date.parse('2025-04-14'))).toEqual({ inputUsdPerMillion: 2, outputUsdPerMillion: 8, cachedInputUsdPerMillion: 0.5 });
    expect(listPrice('nothing', Date.parse('2026-01-01'))).toBeUndefined();
  });
});
