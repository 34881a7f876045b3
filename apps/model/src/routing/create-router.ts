import { FailureError, TIERS } from '@trivet/contracts';
import { mostImageTokens } from '../accounting/image-tokens.js';
import { FREE } from '../accounting/price.js';
import { createProvider } from '../providers/create-provider.js';
import { LOCAL_MODEL } from '../providers/local/local-provider.js';
import type { Extractor } from '../providers/local/extractor.js';
import { createServedModels } from '../providers/openai/served-models.js';
import type { Capabilities, ModelProvider } from '../providers/provider.js';
import { createBreaker, type Breaker } from './breaker.js';
import type { Endpoint, ModelConfig } from './model-config.js';
import { listPrice } from './price-table.js';
import { createPlaces } from './places.js';
import type { Needs, Router, Target } from './router.js';

export interface RouterOptions {
  config: ModelConfig;
  /** Vendors' keys by the name of their variable. */
  secrets: Readonly<Record<string, string | undefined>>;
  extractor: Extractor;
  nowMs(): number;
}

/** What a model is to a target, before it is known at what price. */
type ServedModel = Pick<Target, 'model' | 'vendorModel' | 'maxOutputTokens' | 'isDefault' | 'embeds' | 'dimensions' | 'imageTokens'>;
type Candidate = Omit<Target, 'price'> & { price?: Target['price'] };

/** What an endpoint serves now. */
interface Served {
  common: Pick<Target, 'endpoint' | 'provider' | 'breaker' | 'timeoutMs' | 'capabilities' | 'rates' | 'places' | 'hedgeAfterMs'>;
  /** In their order; `price` undefined: unknown, so it is refused. */
  models(): Promise<ServedModel[]>;
  priceOf(model: string): Target['price'] | undefined;
}

export function createRouter(options: RouterOptions): Router {
  const { config } = options;
  const endpoints = config.endpoints.map((endpoint) => serve(endpoint, options));

  /** An endpoint that cannot tell what it serves hides no other; why it cannot is told when there is no other. */
  const all = async (): Promise<{ targets: Candidate[]; silent: unknown }> => {
    const lists = await Promise.allSettled(endpoints.map(async ({ common, models, priceOf }) => (await models()).map((model): Candidate => ({ ...common, ...model, price: priceOf(model.model) }))));
    const silent = lists.find((list) => list.status === 'rejected');
    return { targets: lists.flatMap((list) => (list.status === 'fulfilled' ? list.value : [])), silent: silent?.reason };
  };

  return {
    retry: config.retry,
    models: async () => {
      const { targets, silent } = await all();
      if (targets.length === 0 && silent !== undefined) throw silent;
      return [...new Set(targets.map(({ model }) => model))];
    },
    breakers: () => endpoints.map(({ common: { endpoint, breaker } }) => ({ endpoint, state: breaker.state() })),
    smallerTier: (tier = config.defaultTier) => TIERS[TIERS.indexOf(tier) - 1],
    async resolve({ model, tier = config.defaultTier, needs = {} }) {
      const { targets, silent } = await all();
      const ids = model === undefined ? (needs.embed ? embeddersOf(targets) : (config.tiers[tier] ?? firstOfEach(targets.filter(({ embeds }) => !embeds)))) : [model];
      const found = ids.flatMap((id) => targets.filter((target) => target.model === id));
      const known = [...new Set(targets.map((target) => target.model))].join(', ');
      if (found.length === 0 && silent !== undefined) throw silent;
      if (found.length === 0 && model === undefined && needs.embed) throw unable('embeddings', 'no configured model makes them (embeds: true in the model configuration)');
      if (found.length === 0) throw new FailureError('model_unknown', `No endpoint serves ${model === undefined ? `tier ${tier}` : `model '${model}'`}; there are: ${known}.`);
      const chain = ableTo(found, needs);
      const priced = chain.flatMap((target): Target[] => (target.price ? [{ ...target, price: target.price }] : []));
      if (priced.length === 0) throw new FailureError('model_unpriced', `Model ${ids.join(', ')} has no price, so what it costs cannot be bounded.`);
      return priced;
    },
  };
}

/** Those that can do what is needed. The offline provider says itself what it cannot do, and what to set. */
function ableTo(found: readonly Candidate[], needs: Needs): Candidate[] {
  const wanted = (['embed', 'tools', 'images'] as const).filter((need) => needs[need]);
  const able = found.filter(({ capabilities, provider }) => wanted.every((need) => capabilities[need] || (provider.name === 'local' && need !== 'images')));
  if (able.length > 0) return able;
  const names = found.map(({ model, endpoint }) => `${model} at ${endpoint}`).join(', ');
  throw unable(wanted.map((need) => NEEDS[need]).join(' and '), `${names} can not`);
}

const NEEDS = { embed: 'embeddings', tools: 'calling tools', images: 'looking at images' } as const;

const unable = (need: string, reason: string): FailureError => new FailureError('capability_unavailable', `This call needs ${need}, and ${reason}.`, { hint: 'Name a model that can, or set capabilities of the endpoint in the model configuration.' });

const embeddersOf = (targets: readonly Candidate[]): string[] => [...new Set(targets.filter(({ embeds, provider }) => embeds || provider.name === 'local').map(({ model }) => model))];

/** Of a server that lists many models only the first is the default; configured ones are all in the chain. */
function firstOfEach(targets: readonly { endpoint: string; model: string; isDefault: boolean }[]): string[] {
  return [...new Set(targets.filter(({ isDefault }) => isDefault).map(({ model }) => model))];
}

function serve(endpoint: Endpoint, { config, secrets, extractor, nowMs }: RouterOptions): Served {
  const apiKey = endpoint.apiKeyVariable === undefined ? undefined : secrets[endpoint.apiKeyVariable];
  const provider = createProvider(endpoint, { apiKey, extractor });
  const common = commonOf(endpoint, provider, createBreaker(config.breaker, nowMs));
  if (endpoint.provider === 'local') {
    const only = { model: LOCAL_MODEL, vendorModel: LOCAL_MODEL, maxOutputTokens: 2_048, isDefault: true, embeds: false, imageTokens: 0 };
    return { common, models: async () => [only], priceOf: () => FREE };
  }
  const { models } = endpoint;
  if (models === 'served' || models === undefined) {
    const served = createServedModels({ baseUrl: endpoint.baseUrl, apiKey, timeoutMs: Math.min(endpoint.timeoutMs, 10_000) });
    return { common, models: async () => (await served()).map(servedModel), priceOf: () => FREE };
  }
  const configured = models.map(({ id, vendorModel = id, maxOutputTokens, embeds, imageTokens, dimensions }) => ({ model: id, vendorModel, maxOutputTokens, isDefault: true, embeds, imageTokens: imageTokens ?? mostImageTokens(vendorModel), ...(dimensions === undefined ? {} : { dimensions }) }));
  return { common, models: async () => configured, priceOf: (id) => priceOf(models.find((model) => model.id === id), nowMs()) };
}

/** The list knows vendors' names, and not what a configuration calls a model. */
const priceOf = (model: { id: string; vendorModel?: string | undefined; price?: Target['price'] | undefined } | undefined, atMs: number): Target['price'] | undefined => model && (model.price ?? listPrice(model.vendorModel ?? model.id, atMs));

function commonOf({ name, timeoutMs, capabilities, limits, hedgeAfterMs }: Endpoint, provider: ModelProvider, breaker: Breaker): Served['common'] {
  const { concurrency, ...rates } = limits;
  return {
    endpoint: name,
    provider,
    breaker,
    timeoutMs,
    capabilities: capabilitiesOf(provider.capabilities, capabilities),
    ...(rates.requestsPerMinute === undefined && rates.tokensPerMinute === undefined ? {} : { rates }),
    ...(concurrency === undefined ? {} : { places: createPlaces(concurrency) }),
    ...(hedgeAfterMs === undefined ? {} : { hedgeAfterMs }),
  };
}

/** A configuration can take a capability away, and not give what the protocol has not. */
function capabilitiesOf(able: Capabilities, configured: Endpoint['capabilities']): Capabilities {
  const has = (name: keyof Capabilities): boolean => able[name] && configured[name] !== false;
  return { tools: has('tools'), schema: has('schema'), generate: has('generate'), images: has('images'), embed: has('embed') };
}

/** A server that lists its models does not say what they are for; those that embed are called so. */
const servedModel = (id: string, index: number, ids: readonly string[]): ServedModel => {
  const embeds = EMBEDDER.test(id);
  return { model: id, vendorModel: id, maxOutputTokens: 4_096, isDefault: !embeds && ids.findIndex((other) => !EMBEDDER.test(other)) === index, embeds, imageTokens: mostImageTokens(id) };
};
const EMBEDDER = /embed|\bbge\b|\be5\b|minilm/i;
