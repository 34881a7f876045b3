import { z } from 'zod';
import { TIERS } from './model.js';
import { Plan } from './plan.js';

const Count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/** What a plan may come to, before anything runs. */
export const PlanEstimate = z
  .object({
    calls: z.object({ tool: Count, model: Count }).describe('Calls when every step runs once; of an agent its limits.'),
    inputTokens: Count.describe('About how much the models read.'),
    outputTokens: Count.describe('The most they may write.'),
    costNanoUsd: Count.nullable().describe('At the price of the first model that would be asked; null when one of them has no known price.'),
    unpriced: z.array(z.string()).optional().describe('Why there is no price, for each model or tier.'),
    notes: z.array(z.string()).describe('What was assumed, and what is not counted.'),
  })
  .meta({ id: 'PlanEstimate', description: 'What a plan may come to' });
export type PlanEstimate = z.infer<typeof PlanEstimate>;

export const DryRun = z
  .object({ plan: Plan, template: z.string().nullable(), templateDigest: z.string().nullable(), estimate: PlanEstimate })
  .meta({ id: 'DryRun', description: 'What would run, and what it may cost; nothing was accepted' });
export type DryRun = z.infer<typeof DryRun>;

/** Model calls of one kind that a plan may make. */
export const ModelDemand = z
  .object({
    calls: Count,
    inputTokens: Count.describe('Of all of them together, without the words of the prompt.'),
    prompt: z.string().max(200).optional(),
    tier: z.enum(TIERS).optional(),
    model: z.string().max(200).optional(),
    embeds: z.boolean().optional().describe('They ask for embeddings, which have no output tokens.'),
    maxTokens: Count.optional().describe('Most output tokens of each; absent: what prompt or model say.'),
  })
  .meta({ id: 'ModelDemand', description: 'Model calls that a plan may make' });
export type ModelDemand = z.infer<typeof ModelDemand>;

export const MOST_DEMANDS = 500;
export const EstimateRequest = z.object({ tenant: z.string().optional().describe('Whose prompts are meant.'), demands: z.array(ModelDemand).max(MOST_DEMANDS) }).meta({ id: 'EstimateRequest', description: 'Asks the model tier what calls would cost' });

/** One for each demand, in their order. */
export const EstimateAnswer = z
  .object({
    estimates: z.array(z.object({ inputTokens: Count, outputTokens: Count, costNanoUsd: Count.nullable(), model: z.string().nullable(), problem: z.string().optional().describe('Why it has no price.') })),
  })
  .meta({ id: 'EstimateAnswer', description: 'What model calls would cost' });
export type EstimateAnswer = z.infer<typeof EstimateAnswer>;
