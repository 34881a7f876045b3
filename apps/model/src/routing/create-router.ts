import { FailureError, TIERS } from '@trivet/contracts';
import { FREE } from '../accounting/price.js';
import { createProvider } from '../providers/create-provider.js';
import { LOCAL_MODEL } from '../providers/local/local-provider.js';
import type { Extractor } from '../providers/local/extractor.js';
import { createServedModels } from '../providers/openai/served-models.js';
import type { ModelProvider } from '../providers/provider.js';
import { createBreaker, type Breaker } from './breaker.js';
import type { Endpoint, ModelConfig } from './model-config.js';
import { listPrice } from './price-table.js';
import type { Router, Target } from './router.js';

export interface RouterOptions {
  config: ModelConfig;
  /** Vendors' keys by the name of their variable. */
  secrets: Readonly<Record<string, string | undefined>>;
  extractor: Extractor;
  nowMs(): number;
}

/** What an endpoint serves now. */
interface Served {
  endpoint: Endpoint;
  provider: ModelProvider;
  breaker: Breaker;
  /** In their order; `price` undefined: unknown, so it is refused. */
  models(): Promise<Omit<Target, 'endpoint' | 'provider' | 'breaker' | 'timeoutMs' | 'price'>[]>;
  priceOf(model: string): Target['price'] | undefined;
}

export function createRouter(options: RouterOptions): Router {
  const { config } = options;
  const endpoints = config.endpoints.map((endpoint) => serve(endpoint, options));

  const all = async (): Promise<(Omit<Target, 'price'> & { price?: Target['price'] })[]> => {
    const lists = await Promise.all(
      endpoints.map(async ({ endpoint, provider, breaker, models, priceOf }) =>
        (await models()).map((model) => ({ ...model, endpoint: endpoint.name, provider, breaker, timeoutMs: endpoint.timeoutMs, price: priceOf(model.model) })),
      ),
    );
    return lists.flat();
  };

  return {
    retry: config.retry,
    models: async () => [...new Set((await all()).map(({ model }) => model))],
    smallerTier: (tier = config.defaultTier) => TIERS[TIERS.indexOf(tier) - 1],
    async resolve({ model, tier = config.defaultTier }) {
      const targets = await all();
      const ids = model === undefined ? (config.tiers[tier] ?? firstOfEach(targets)) : [model];
      const chain = ids.flatMap((id) => targets.filter((target) => target.model === id));
      const known = [...new Set(targets.map((target) => target.model))].join(', ');
      if (chain.length === 0) throw new FailureError('model_unknown', `No endpoint serves ${model === undefined ? `tier ${tier}` : `model '${model}'`}; there are: ${known}.`);
      const priced = chain.flatMap((target): Target[] => (target.price ? [{ ...target, price: target.price }] : []));
      if (priced.length === 0) throw new FailureError('model_unpriced', `Model ${ids.join(', ')} has no price, so what it costs cannot be bounded.`);
      return priced;
    },
  };
}

/** Of a server that lists many models only the first is the default; configured ones are all in the chain. */
function firstOfEach(targets: readonly { endpoint: string; model: string; isDefault: boolean }[]): string[] {
  return [...new Set(targets.filter(({ isDefault }) => isDefault).map(({ model }) => model))];
}

function serve(endpoint: Endpoint, { config, secrets, extractor, nowMs }: RouterOptions): Served {
  const breaker = createBreaker(config.breaker, nowMs);
  const apiKey = endpoint.apiKeyVariable === undefined ? undefined : secrets[endpoint.apiKeyVariable];
  const provider = createProvider(endpoint, { apiKey, extractor });
  if (endpoint.provider === 'local') {
    const only = { model: LOCAL_MODEL, vendorModel: LOCAL_MODEL, maxOutputTokens: 2_048, isDefault: true };
    return { endpoint, breaker, provider, models: async () => [only], priceOf: () => FREE };
  }
  const { models } = endpoint;
  if (models === 'served' || models === undefined) {
    const served = createServedModels({ baseUrl: endpoint.baseUrl, apiKey, timeoutMs: Math.min(endpoint.timeoutMs, 10_000) });
    const list = async () => (await served()).map((id, index) => ({ model: id, vendorModel: id, maxOutputTokens: 4_096, isDefault: index === 0 }));
    return { endpoint, breaker, provider, models: list, priceOf: () => FREE };
  }
  const configured = models.map(({ id, vendorModel = id, maxOutputTokens }) => ({ model: id, vendorModel, maxOutputTokens, isDefault: true }));
  return { endpoint, breaker, provider, models: async () => configured, priceOf: (id) => models.find((model) => model.id === id)?.price ?? listPrice(id, nowMs()) };
}
