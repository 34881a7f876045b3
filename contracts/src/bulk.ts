import { z } from 'zod';
import { Problem } from './failure.js';
import { Identifier } from './identifier.js';
import { WORKFLOW_STATUSES } from './workflow.js';

export const BULK_ACTIONS = ['cancel', 'pause', 'resume', 'retry'] as const;
export const MOST_BULK = 200;

/** The filters of the list of workflows, as fields. */
export const BulkFilter = z
  .strictObject({
    status: z.union([z.enum(WORKFLOW_STATUSES), z.array(z.enum(WORKFLOW_STATUSES))]).optional().describe('Absent: those that the action may be done to.'),
    label: z.union([z.string(), z.array(z.string())]).optional(),
    template: z.string().optional(),
    q: z.string().max(200).optional(),
    from: z.string().optional(),
    to: z.string().optional(),
  })
  .meta({ id: 'BulkFilter', description: 'Which workflows, as their list is filtered' });

/** The body of POST /api/v1/workflows/bulk: named workflows, or all that match. */
export const BulkBody = z
  .strictObject({
    action: z.enum(BULK_ACTIONS),
    ids: z.array(Identifier).min(1).max(MOST_BULK).optional(),
    filter: BulkFilter.optional(),
    cursor: z.string().optional().describe('nextCursor of the answer before: goes on with the next that match.'),
    reason: z.string().max(1_000).optional().describe('Why; it stands in the audit.'),
  })
  .refine(({ ids, filter }) => (ids === undefined) !== (filter === undefined), 'must have either ids or filter')
  .meta({ id: 'BulkBody', description: 'Controls many workflows at once' });
export type BulkBody = z.infer<typeof BulkBody>;

export const BulkAnswer = z
  .object({
    done: z.array(Identifier),
    refused: z.array(z.object({ workflowId: Identifier, problem: Problem })),
    nextCursor: z.string().nullable().describe('Of a filter: where to go on; null: all that match were told.'),
  })
  .meta({ id: 'BulkAnswer', description: 'What became of each workflow' });
export type BulkAnswer = z.infer<typeof BulkAnswer>;
