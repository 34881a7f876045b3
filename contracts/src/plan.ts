import { z } from 'zod';
import { FAILURE_CODES } from './failure.js';
import { Identifier, ToolReference } from './identifier.js';
import { Json, type JsonValue } from './json.js';

export const STEP_KINDS = ['tool', 'model', 'agent', 'code', 'map', 'approval', 'wait', 'workflow'] as const;
export const StepKind = z.enum(STEP_KINDS);
export type StepKind = z.infer<typeof StepKind>;

/** The most items a map step takes. */
export const MOST_ITEMS = 100_000;

export const RetryPolicy = z
  .strictObject({
    max: z.number().int().min(0).max(100).describe('Extra attempts after the first.'),
    initialMs: z.number().int().min(0).max(86_400_000).optional().describe('Delay before the first retry; 1000 when absent.'),
    factor: z.number().min(1).max(10).optional().describe('By how much the delay grows each time; 2 when absent.'),
    maxMs: z.number().int().min(0).max(86_400_000).optional().describe('Longest delay; 60000 when absent.'),
    codes: z.array(z.enum(FAILURE_CODES)).optional().describe('Only these failures; absent: the retryable ones of the table.'),
  })
  .meta({ id: 'RetryPolicy', description: 'When and how a failed step is tried again' });
export type RetryPolicy = z.infer<typeof RetryPolicy>;

/** When a map step has enough: every item, the first that completes, or so many of them within a time. */
export const Collect = z
  .union([z.enum(['all', 'any']), z.strictObject({ atLeast: z.number().int().min(1).max(MOST_ITEMS), withinMs: z.number().int().min(1).max(86_400_000).optional() })])
  .meta({ id: 'Collect', description: 'When a map step has enough results' });
export type Collect = z.infer<typeof Collect>;

const planStepFields = {
  id: Identifier,
  kind: StepKind,
  title: z.string().max(120).optional(),
  tool: ToolReference.optional().describe('Of a tool step: which tool; name@1.2.0 or name@sha256:… pins a version.'),
  prompt: z.string().optional(),
  input: Json.optional().describe('Values, with expressions as { "$": "…" } or {{ … }} inside a string.'),
  dependsOn: z.array(Identifier).max(1000).optional(),
  when: z.string().max(4000).optional().describe('A JMESPath expression; the step is skipped when it is false or null.'),
  retry: RetryPolicy.optional(),
  timeoutMs: z.number().int().min(1).max(86_400_000).optional(),
  onFailure: z.enum(['fail', 'continue', 'degrade']).optional().describe('fail (the default) ends the workflow; continue goes on without a result; degrade tries smaller model tiers first, then goes on.'),
  over: Json.optional().describe('Of a map step: the list.'),
  parallel: z.number().int().min(1).max(1000).optional().describe('Of a map step: how many items at once; 16 when absent.'),
  collect: Collect.optional(),
};

export interface PlanStep extends z.infer<z.ZodObject<typeof planStepFields>> {
  /** Of a map step: what to do with each item. */
  step?: PlanStep | undefined;
}
export const PlanStep: z.ZodType<PlanStep> = z
  .strictObject({
    ...planStepFields,
    get step(): z.ZodOptional<z.ZodType<PlanStep>> {
      return z.optional(PlanStep);
    },
  })
  .meta({ id: 'PlanStep', description: 'One step of a plan' });

export const Plan = z
  .strictObject({
    steps: z.array(PlanStep).min(1).max(100_000),
    output: Json.optional().describe("The workflow's result; absent: the last steps' outputs by id."),
  })
  .meta({ id: 'Plan', description: 'Steps and their order' });
export interface Plan {
  steps: PlanStep[];
  output?: JsonValue | undefined;
}
