import { EstimateAnswer, FailureError, MOST_DEMANDS, type JsonValue, type ModelDemand, type PlanEstimate } from '@trivet/contracts';
import { subjects, type Bus } from '@trivet/bus';
import { demandOf, type DemandParts } from './plan-demand.js';
import type { Planned } from './plan-task.js';

const ASK_WITHIN_MS = 5_000;

type Priced = EstimateAnswer['estimates'];

/** What a plan that was checked may come to, at the prices the model tier names. */
export async function estimatePlan(bus: Pick<Bus, 'request'>, planned: Planned, task: { goal: string; input?: JsonValue | undefined }, parts: DemandParts & { tenant?: string }): Promise<PlanEstimate> {
  const catalog = planned.catalog === undefined ? null : JSON.parse(JSON.stringify(planned.catalog));
  const { toolCalls, modelCalls, demands, notes } = demandOf(planned.plan, { ...task, catalog }, parts);
  const priced = await askPrices(bus, demands, parts.tenant);
  const problems = new Set(priced.flatMap(({ problem }) => problem ?? []));
  const sum = (amounts: number[]): number => Math.min(Number.MAX_SAFE_INTEGER, amounts.reduce((total, amount) => total + amount, 0));
  return {
    calls: { tool: toolCalls, model: modelCalls },
    inputTokens: sum(priced.map((each) => each.inputTokens)),
    outputTokens: sum(priced.map((each) => each.outputTokens)),
    costNanoUsd: priced.some(({ costNanoUsd }) => costNanoUsd === null) ? null : sum(priced.map((each) => each.costNanoUsd ?? 0)),
    ...(problems.size > 0 ? { unpriced: [...problems] } : {}),
    notes,
  };
}

async function askPrices(bus: Pick<Bus, 'request'>, demands: ModelDemand[], tenant: string | undefined): Promise<Priced> {
  if (demands.length === 0) return [];
  if (demands.length > MOST_DEMANDS) return unpriced(demands, `the plan asks models in ${demands.length} different ways; the limit for prices is ${MOST_DEMANDS}`);
  try {
    const { body, errorCode } = await bus.request(subjects.rpc('model', 'estimate'), { demands, ...(tenant === undefined ? {} : { tenant }) }, { timeoutMs: ASK_WITHIN_MS });
    const answer = EstimateAnswer.safeParse(body);
    return errorCode === null && answer.success ? answer.data.estimates : unpriced(demands, 'the model service did not tell its prices');
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return unpriced(demands, 'no model service runs, so prices and the words of prompts are not known');
  }
}

const unpriced = (demands: ModelDemand[], problem: string): Priced => demands.map(({ calls, inputTokens, maxTokens = 0 }) => ({ inputTokens, outputTokens: maxTokens * calls, costNanoUsd: null, model: null, problem }));
