import { z } from 'zod';
import { Amount } from './budget.js';
import { Identifier } from './identifier.js';
import { WORKFLOW_STATUSES } from './workflow.js';
import { Service } from './worker.js';

/** How many workflows of a list's filters have each status. */
export const WorkflowCounts = z
  .object({
    counts: z.record(z.enum(WORKFLOW_STATUSES), z.number().int().min(0)),
    total: z.number().int().min(0),
    atLeast: z.boolean().optional().describe('True: there are more than were looked at.'),
  })
  .meta({ id: 'WorkflowCounts', description: 'How many workflows have each status' });
export type WorkflowCounts = z.infer<typeof WorkflowCounts>;

export const ATTENTION_KINDS = ['failed', 'stuck', 'approval', 'dead'] as const;

/** Something an operator should look at. */
export const Attention = z
  .object({
    kind: z.enum(ATTENTION_KINDS),
    workflowId: Identifier.optional(),
    title: z.string(),
    since: z.string().nullable().describe('ISO 8601; null: not known.'),
    sentence: z.string().describe('What is the matter, and what to do.'),
  })
  .meta({ id: 'Attention', description: 'Something an operator should look at' });
export type Attention = z.infer<typeof Attention>;

/** How a tenant's work goes, at a glance. Figures of a day are of the last 24 hours, and of the newest 5,000 workflows. */
export const Overview = z
  .object({
    running: z.number().int().min(0),
    waiting: z.number().int().min(0).describe('For a person, a time, a signal; paused ones too.'),
    queued: z.number().int().min(0).describe('Workflows that have not begun.'),
    completed24h: z.number().int().min(0),
    failed24h: z.number().int().min(0),
    cancelled24h: z.number().int().min(0),
    durationMs: z.object({ p50: z.number(), p95: z.number() }).nullable().describe('Of those completed in 24 hours, from submit to end; null: none.'),
    tokensToday: Amount.describe("In the tenant's day."),
    nanoUsdToday: Amount,
    perMinute: z.array(z.object({ at: z.string(), completed: z.number().int(), failed: z.number().int() })).describe('The last 60 minutes, oldest first.'),
    attention: z.array(Attention).describe('Newest first, at most 20.'),
    services: z.array(z.object({ service: Service, instances: z.number().int().min(0), version: z.string() })),
    atLeast: z.boolean().optional().describe('True: there are more workflows than were looked at.'),
  })
  .meta({ id: 'Overview', description: 'How the work of a tenant goes' });
export type Overview = z.infer<typeof Overview>;
