import { z } from 'zod';
import { BudgetState } from './budget.js';
import { Failure } from './failure.js';
import { Identifier } from './identifier.js';
import { Json } from './json.js';
import { ForkOrigin } from './step-work.js';

export const WORKFLOW_STATUSES = ['accepted', 'running', 'waiting', 'paused', 'completed', 'failed', 'cancelled'] as const;
export const WorkflowStatus = z.enum(WORKFLOW_STATUSES);
export type WorkflowStatus = z.infer<typeof WorkflowStatus>;

export const isTerminal = (status: WorkflowStatus): boolean => status === 'completed' || status === 'failed' || status === 'cancelled';

/** A workflow as everybody sees it. */
export const Workflow = z
  .object({
    workflowId: Identifier,
    tenant: Identifier,
    status: WorkflowStatus,
    goal: z.string(),
    template: z.string().nullable(),
    labels: z.record(z.string(), z.string()),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    steps: z.object({ done: z.number().int(), total: z.number().int() }),
    budget: BudgetState,
    result: Json.nullable(),
    failure: Failure.nullable(),
    traceId: z.string().nullable(),
    waitingFor: z.string().nullable().describe('A sentence: what it waits for.'),
    waitingSince: z.string().optional().describe('ISO 8601; since when, where that is known.'),
    forkedFrom: ForkOrigin.optional(),
    parent: z.object({ workflowId: Identifier, stepId: Identifier }).optional().describe('Of a child workflow: the step that waits for it.'),
    degraded: z.array(Identifier).optional().describe('Steps that ended without a result and whose plan says to go on.'),
  })
  .meta({ id: 'Workflow', description: 'A workflow' });
export type Workflow = z.infer<typeof Workflow>;

/** Every list: items, and an opaque cursor when there are more. */
export const page = <Item extends z.ZodType>(item: Item) => z.object({ items: z.array(item), nextCursor: z.string().nullable() });
export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}
