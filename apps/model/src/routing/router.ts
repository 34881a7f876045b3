import type { TIERS } from '@trivet/contracts';
import type { Price } from '../accounting/price.js';
import type { RateLimits } from '@trivet/state';
import type { Capabilities, ModelProvider } from '../providers/provider.js';
import type { Breaker } from './breaker.js';
import type { Places } from './places.js';
import type { RetryOptions } from './retry.js';

export type ModelTier = (typeof TIERS)[number];

/** One model at one endpoint: where an attempt may go. */
export interface Target {
  endpoint: string;
  provider: ModelProvider;
  /** Our id of the model. */
  model: string;
  /** The vendor's name of it. */
  vendorModel: string;
  price: Price;
  /** Output tokens when the call does not say, and the most it may ask for. */
  maxOutputTokens: number;
  /** Whether calls that name neither model nor tier may go to it. */
  isDefault: boolean;
  timeoutMs: number;
  /** What it can do, here. */
  capabilities: Capabilities;
  /** The most input tokens an image counts. */
  imageTokens: number;
  /** It makes embeddings rather than texts. */
  embeds: boolean;
  /** Of its embeddings, when the call does not say; absent: what the vendor gives. */
  dimensions?: number;
  /** What the vendor lets us ask in a minute, all replicas together. */
  rates?: RateLimits;
  /** How many attempts of this process it takes at once. */
  places?: Places;
  /** Ask the next in the chain too when this one has given nothing for so long. */
  hedgeAfterMs?: number;
  /** How long the provider may take to stop when it is told to; 2 s unless set. */
  stopGraceMs?: number;
  breaker: Breaker;
}

/** What a call needs of whoever answers it. */
export type Needs = Partial<Record<'embed' | 'tools' | 'images', boolean>>;

/** Turns a model's id or a tier into places to try, best first. */
export interface Router {
  /** @throws FailureError model_unknown, model_unpriced, capability_unavailable, or model_unavailable when an endpoint cannot tell what it serves */
  resolve(wanted: { model?: string; tier?: ModelTier; needs?: Needs }): Promise<Target[]>;
  /** The next smaller tier, for calls that do not fit their budget. */
  smallerTier(tier: ModelTier | undefined): ModelTier | undefined;
  /** Ids of all models that can be named. */
  models(): Promise<string[]>;
  /** Of each endpoint, whether it is asked as usual (`closed`) or left alone since it failed. */
  breakers(): { endpoint: string; state: ReturnType<Breaker['state']> }[];
  retry: RetryOptions;
}
