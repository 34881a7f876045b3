import { fileURLToPath } from 'node:url';
import type { Delta, ModelCall } from '@trivet/contracts';
import { createAnswerCache, createBlobs, createLedger, createRates, type CrossedThreshold, type Redis } from '@trivet/state';
import { FREE } from '../accounting/price.js';
import { createPromptStore, loadPrompts } from '../prompts/prompt-store.js';
import { inlineExtractor } from '../providers/local/extractor.js';
import type { ModelProvider } from '../providers/provider.js';
import { createBreaker } from '../routing/breaker.js';
import { createRouter } from '../routing/create-router.js';
import { configFromEnvironment } from '../routing/default-config.js';
import type { Router, Target } from '../routing/router.js';
import type { ModelContext } from './context.js';

export const PROMPTS_FOLDER = fileURLToPath(new URL('../../prompts', import.meta.url));

export interface Observed {
  deltas: Delta[];
  crossed: CrossedThreshold[];
  notices: string[];
  waits: number[];
}

/** A context over a real Redis that writes down what it is told. Waits end at once. */
export async function observedContext(redis: Redis, router: Router): Promise<{ context: ModelContext; observed: Observed }> {
  const observed: Observed = { deltas: [], crossed: [], notices: [], waits: [] };
  const context: ModelContext = {
    ledger: createLedger(redis),
    rates: createRates(redis),
    cache: createAnswerCache(redis),
    router,
    prompts: createPromptStore(await loadPrompts(PROMPTS_FOLDER)),
    blobs: createBlobs(redis),
    worker: 'model-1',
    nowMs: Date.now,
    random: () => 0.5,
    sleep: async (durationMs) => void observed.waits.push(durationMs),
    onDelta: (_, delta) => observed.deltas.push(delta),
    onAttempt: () => undefined,
    onDenied: () => undefined,
    reach: () => undefined,
    onThreshold: (_, crossed) => observed.crossed.push(crossed),
    onNotice: (_, message) => observed.notices.push(message),
  };
  return { context, observed };
}

export const localRouter = (): Router => createRouter({ config: configFromEnvironment({}), secrets: {}, extractor: inlineExtractor, nowMs: Date.now });

/** A router whose tiers are given targets. */
export function routerOf(tiers: Partial<Record<'small' | 'medium' | 'large', Target[]>>): Router {
  return {
    retry: { attempts: 3, initialMs: 100, maxMs: 5_000 },
    models: async () => [],
    breakers: () => Object.values(tiers).flat().map(({ endpoint, breaker }) => ({ endpoint, state: breaker.state() })),
    smallerTier: (tier = 'medium') => (tier === 'large' ? 'medium' : tier === 'medium' ? 'small' : undefined),
    resolve: async ({ tier = 'medium' }) => tiers[tier] ?? [],
  };
}

/** A target whose provider is a plain function; a token is a character. */
export function targetOf(name: string, complete: ModelProvider['complete'], rest: Partial<Target> = {}): Target {
  const provider: ModelProvider = {
    name: 'scripted',
    capabilities: { tools: true, schema: true, generate: true, images: true, embed: false },
    repeatable: false,
    boundInputTokens: async ({ messages }) => messages.reduce((sum, { content }) => sum + content.length, 0),
    estimateTokens: async (text) => text.length,
    complete,
  };
  return { endpoint: name, provider, model: name, vendorModel: name, price: FREE, maxOutputTokens: 100, isDefault: true, timeoutMs: 5_000, capabilities: provider.capabilities, embeds: false, imageTokens: 1_000, breaker: createBreaker({ failures: 5, openMs: 1_000 }, Date.now), ...rest };
}

export function modelCall(callId: string, request: ModelCall['request'], rest: Partial<ModelCall> = {}): ModelCall {
  return { callId, tenant: 'acme', workflowId: 'w1', stepId: 's1', attempt: 1, deadlineAt: Date.now() + 60_000, request, ...rest };
}
