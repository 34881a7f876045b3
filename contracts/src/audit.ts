import { z } from 'zod';
import { Identifier } from './identifier.js';

/** One row of the audit log. */
export const AuditRow = z
  .object({
    seq: z.number().int(),
    at: z.string(),
    tenant: Identifier,
    actor: z.string(),
    action: z.string(),
    target: z.string(),
    workflowId: z.string().nullable(),
    detail: z.string().nullable(),
    keyId: z.string().optional().describe('The API key it was done with; its name is the actor.'),
    reason: z.string().optional().describe('Why, in the words of whoever did it.'),
    previousHash: z.string(),
    hash: z.string(),
  })
  .meta({ id: 'AuditRow', description: 'One row of the audit log, chained to the one before' });
export type AuditRow = z.infer<typeof AuditRow>;
