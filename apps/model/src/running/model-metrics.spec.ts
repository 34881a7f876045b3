import { createMetrics } from '@trivet/telemetry';
import { inlineExtractor } from '../providers/local/extractor.js';
import { createRouter } from '../routing/create-router.js';
import { parseModelConfig } from '../routing/model-config.js';
import { createModelMetrics } from './model-metrics.js';

describe('the breakers in /metrics', () => {
  it('are there from the start, open with the failures of their endpoint, and close when a request succeeds', async () => {
    let now = 0;
    const config = parseModelConfig(JSON.stringify({
      breaker: { failures: 2, openMs: 1_000 },
      endpoints: ['first', 'second'].map((name) => ({ name, provider: 'openai', baseUrl: 'http://127.0.0.1:1/v1', models: [{ id: name, price: { inputUsdPerMillion: 0, outputUsdPerMillion: 0 } }] })),
    }), 'the test');
    const router = createRouter({ config, secrets: {}, extractor: inlineExtractor, nowMs: () => now });
    const metrics = createMetrics('model');
    createModelMetrics(metrics, router);
    const shown = async (): Promise<string[]> => (await metrics.render()).split('\n').filter((line) => line.startsWith('trivet_model_breaker_open')).map((line) => line.replace(/,service="model"|trivet_model_breaker_open/g, ''));
    expect(await shown()).toEqual(['{endpoint="first"} 0', '{endpoint="second"} 0']);
    const [target] = await router.resolve({ model: 'second' });
    for (let failure = 0; failure < 2; failure += 1) target?.breaker.fail();
    expect(await shown()).toEqual(['{endpoint="first"} 0', '{endpoint="second"} 1']);
    now = 5_000;
    expect(await shown()).toEqual(['{endpoint="first"} 0', '{endpoint="second"} 1']);
    target?.breaker.admit();
    target?.breaker.succeed();
    expect(await shown()).toEqual(['{endpoint="first"} 0', '{endpoint="second"} 0']);
  });
});
