import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { inlineExtractor } from '../providers/local/extractor.js';
import { createRouter } from './create-router.js';
import { parseModelConfig } from './model-config.js';

const PAGE = fileURLToPath(new URL('../../../../docs/models.md', import.meta.url));

describe('the page about models', () => {
  const [, yaml = ''] = /```yaml\n([\s\S]*?)```/.exec(readFileSync(PAGE, 'utf8')) ?? [];
  const router = createRouter({ config: parseModelConfig(yaml, 'docs/models.md'), secrets: {}, extractor: inlineExtractor, nowMs: Date.now });

  it('shows a configuration that is valid, whose tiers are chains across vendors', async () => {
    const large = await router.resolve({ tier: 'large' });
    expect(large.map(({ endpoint, model }) => `${endpoint}/${model}`)).toEqual(['openai/gpt-4.1', 'claude/claude', 'mistral/mistral-large']);
    expect(large[0]).toMatchObject({ rates: { requestsPerMinute: 500, tokensPerMinute: 200_000 }, hedgeAfterMs: 8_000, price: { inputUsdPerMillion: 2, outputUsdPerMillion: 8 } });
  });

  it('sends embeddings to who makes them, though a server of the file cannot be reached', async () => {
    expect((await router.resolve({ needs: { embed: true } })).map(({ model }) => model)).toEqual(['text-embedding-3-small']);
  });

  it('says who cannot do what is needed', async () => {
    await expect(router.resolve({ model: 'claude', needs: { embed: true } })).rejects.toMatchObject({ failure: { code: 'capability_unavailable', message: 'This call needs embeddings, and claude at claude can not.' } });
  });
});
