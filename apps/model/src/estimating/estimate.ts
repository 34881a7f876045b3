import { EstimateRequest, FailureError, MAX_AMOUNT, parseOrFail, type EstimateAnswer, type ModelDemand } from '@trivet/contracts';
import { countLocalTokens } from '../accounting/local-tokens.js';
import { mostCostOf } from '../accounting/price.js';
import type { PromptStore } from '../prompts/prompt-store.js';
import type { Router } from '../routing/router.js';

export interface EstimateParts {
  router: Pick<Router, 'resolve'>;
  prompts: Pick<PromptStore, 'find'>;
}

/** Assumed where neither the call nor its prompt nor a model says how long an answer may be. */
const DEFAULT_OUTPUT_TOKENS = 4_096;

/**
 * What model calls would cost, at the first model each would be sent to. Nothing is reserved and no vendor is asked for an
 * answer. A demand that cannot be priced says why.
 * @throws FailureError invalid_request
 */
export async function estimateDemands(body: unknown, parts: EstimateParts): Promise<EstimateAnswer> {
  const { demands, tenant } = parseOrFail(EstimateRequest, body, 'the request');
  return { estimates: await Promise.all(demands.map((demand) => estimate(demand, parts, tenant))) };
}

type Estimate = EstimateAnswer['estimates'][number];

async function estimate(demand: ModelDemand, { router, prompts }: EstimateParts, tenant: string | undefined): Promise<Estimate> {
  let { inputTokens } = demand;
  let each = demand.maxTokens;
  const total = (): Pick<Estimate, 'inputTokens' | 'outputTokens'> => ({ inputTokens: bounded(inputTokens), outputTokens: bounded((each ?? DEFAULT_OUTPUT_TOKENS) * demand.calls) });
  try {
    const prompt = demand.prompt === undefined ? undefined : await prompts.find(demand.prompt, tenant);
    if (prompt) inputTokens += countLocalTokens(`${prompt.system ?? ''}${prompt.user}`) * demand.calls;
    each ??= prompt?.defaults.maxTokens;
    const [target] = await router.resolve({ model: demand.model, tier: demand.tier ?? prompt?.defaults.tier, ...(demand.embeds ? { needs: { embed: true } } : {}) });
    if (!target) return { ...total(), costNanoUsd: null, model: null, problem: 'no model serves it' };
    each = Math.min(each ?? target.maxOutputTokens, target.maxOutputTokens);
    const tokens = total();
    return { ...tokens, costNanoUsd: mostCostOf(target.price, tokens.inputTokens, tokens.outputTokens), model: target.model };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { ...total(), costNanoUsd: null, model: null, problem: error.message };
  }
}

const bounded = (amount: number): number => Math.min(MAX_AMOUNT, Math.ceil(amount));
