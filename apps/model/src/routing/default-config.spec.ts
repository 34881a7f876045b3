import { inlineExtractor } from '../providers/local/extractor.js';
import { configFromEnvironment, type VendorVariables } from './default-config.js';
import { createRouter } from './create-router.js';
import { parseModelConfig } from './model-config.js';
import { DEFAULT_TIERS, listPrice } from './price-table.js';

const NOW = Date.parse('2026-11-22');
const chainOf = async (variables: VendorVariables, tier: 'small' | 'medium' | 'large') =>
  (await createRouter({ config: configFromEnvironment(variables), secrets: {}, extractor: inlineExtractor, nowMs: () => NOW }).resolve({ tier })).map(({ endpoint, model }) => `${endpoint}:${model}`);

describe('the configuration that is made from variables', () => {
  it('falls back from vendor to vendor with models of one class, then to the next smaller', async () => {
    const all = { OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b', GEMINI_API_KEY: 'c' };
    expect(await chainOf(all, 'large')).toEqual(['openai:gpt-5', 'anthropic:claude-opus-4-6', 'gemini:gemini-2.5-pro', 'openai:gpt-4.1', 'anthropic:claude-sonnet-4-6', 'gemini:gemini-2.5-flash']);
    expect(await chainOf(all, 'small')).toEqual(['openai:gpt-4.1-mini', 'anthropic:claude-haiku-4-5', 'gemini:gemini-2.5-flash-lite', 'openai:gpt-4.1-nano']);
    expect(await chainOf({ GEMINI_API_KEY: 'c' }, 'medium')).toEqual(['gemini:gemini-2.5-flash', 'gemini:gemini-2.5-flash-lite']);
  });

  it('has an endpoint for a base URL alone, with the vendor’s models and list prices', async () => {
    const config = configFromEnvironment({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:1', GEMINI_BASE_URL: 'http://127.0.0.1:2/v1beta' });
    expect(config.endpoints).toMatchObject([
      { name: 'anthropic', provider: 'anthropic', baseUrl: 'http://127.0.0.1:1', apiKeyVariable: 'ANTHROPIC_API_KEY' },
      { name: 'gemini', provider: 'gemini', baseUrl: 'http://127.0.0.1:2/v1beta', apiKeyVariable: 'GEMINI_API_KEY' },
    ]);
    expect(await chainOf({ ANTHROPIC_BASE_URL: 'http://127.0.0.1:1' }, 'medium')).toEqual(['anthropic:claude-sonnet-4-6', 'anthropic:claude-haiku-4-5']);
  });

  it('puts a compatible server first, for all tiers', () => {
    const config = configFromEnvironment({ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1', OPENAI_API_KEY: 'a', ANTHROPIC_API_KEY: 'b' });
    expect(config.endpoints.map(({ name }) => name)).toEqual(['openai-compatible', 'anthropic']);
    expect(config.tiers).toEqual({});
  });

  it('has a list price for every default model, cached input being cheaper', () => {
    for (const id of Object.values(DEFAULT_TIERS).flatMap((tiers) => Object.values(tiers).flat())) {
      const price = listPrice(id, NOW);
      expect([id, price?.cachedInputUsdPerMillion]).toEqual([id, expect.any(Number)]);
      expect(price?.cachedInputUsdPerMillion).toBeLessThan(price?.inputUsdPerMillion ?? 0);
    }
  });
});

describe('a file for other vendors', () => {
  it('keeps what their endpoints and models say', () => {
    const config = parseModelConfig(
      `
endpoints:
  - name: claude
    provider: anthropic
    capabilities: { images: false }
    models: [{ id: c, price: { inputUsdPerMillion: 3, outputUsdPerMillion: 15, cachedInputUsdPerMillion: 0.3, cacheWriteUsdPerMillion: 3.75 } }]
  - { name: mistral, provider: langchain, langchainProvider: mistralai, options: { topP: 0.5 }, apiKeyVariable: MISTRAL_API_KEY, models: [{ id: m }] }
  - { name: gemini, provider: gemini, models: [{ id: e, embeds: true, dimensions: 768 }, { id: g }] }
`,
      'models.yaml',
    );
    expect(config.endpoints).toMatchObject([
      { capabilities: { images: false }, models: [{ embeds: false, price: { cacheWriteUsdPerMillion: 3.75 } }] },
      { langchainProvider: 'mistralai', options: { topP: 0.5 } },
      { models: [{ embeds: true, dimensions: 768 }, { embeds: false }] },
    ]);
  });

  it('may not name vendors of LangChain that endanger the service', () => {
    for (const [vendor, why] of [['google-genai', 'provider: gemini'], ['langsmith', 'LangSmith']]) {
      expect(() => parseModelConfig(`endpoints: [{ name: a, provider: langchain, langchainProvider: ${vendor}, models: [{ id: m }] }]`, 'models.yaml')).toThrow(expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/endpoints/0/langchainProvider', detail: expect.stringContaining(String(why)) })] }));
    }
  });

  it('is refused with each mistake, keys among options being one', () => {
    const text = `
endpoints:
  - { name: a, provider: anthropic, models: served }
  - { name: b, provider: langchain, options: { apiKey: k, nested: { accessToken: t, maxTokens: 1 } }, models: [{ id: m }] }
  - { name: c, provider: gemini, langchainProvider: groq, capabilities: { sing: true } }
`;
    expect(() => parseModelConfig(text, 'models.yaml')).toThrow(expect.objectContaining({ errors: [
      expect.objectContaining({ pointer: '/endpoints/2/capabilities/sing' }),
      expect.objectContaining({ pointer: '/endpoints/0/models' }),
      expect.objectContaining({ pointer: '/endpoints/1/langchainProvider' }),
      expect.objectContaining({ pointer: '/endpoints/1/options/apiKey' }),
      expect.objectContaining({ pointer: '/endpoints/1/options/nested/accessToken' }),
      expect.objectContaining({ pointer: '/endpoints/2/models' }),
      expect.objectContaining({ pointer: '/endpoints/2/langchainProvider' }),
    ] }));
  });
});
