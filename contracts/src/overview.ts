import { z } from 'zod';
import { WORKFLOW_STATUSES } from './workflow.js';

/** How many workflows of a list's filters have each status. */
export const WorkflowCounts = z
  .object({
    counts: z.record(z.enum(WORKFLOW_STATUSES), z.number().int().min(0)),
    total: z.number().int().min(0),
    atLeast: z.boolean().optional().describe('True: there are more than were looked at.'),
  })
  .meta({ id: 'WorkflowCounts', description: 'How many workflows have each status' });
export type WorkflowCounts = z.infer<typeof WorkflowCounts>;
