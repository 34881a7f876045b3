import { z } from 'zod';
import { Identifier } from './identifier.js';
import { Json } from './json.js';

/** Why a person is asked: the plan says so, a tool is dangerous, or a budget is spent. */
export const APPROVAL_PURPOSES = ['step', 'tool', 'budget'] as const;
export const DECISIONS = ['approve', 'deny'] as const;

/** `<workflow>.<call>`: names the workflow, so that it is found at once. */
export const ApprovalId = z.string().regex(/^[A-Za-z0-9_-]{1,64}\.[A-Za-z0-9_-]{1,64}$/, 'must be <workflow>.<call>, as GET /api/v1/approvals lists it');

/** Something a person has to decide before a workflow goes on. */
export const Approval = z
  .object({
    id: ApprovalId,
    workflowId: Identifier,
    stepId: Identifier,
    tenant: Identifier,
    purpose: z.enum(APPROVAL_PURPOSES),
    question: z.string(),
    details: Json.nullable().describe('What is decided about: for a tool its arguments, for a budget what was refused.'),
    goal: z.string(),
    requestedAt: z.string(),
    expiresAt: z.string().nullable(),
    onExpire: z.enum(['deny', 'fail', 'approve']),
  })
  .meta({ id: 'Approval', description: 'Something a person has to decide' });
export type Approval = z.infer<typeof Approval>;

/** The body of POST /api/v1/approvals/{id}/decide. */
export const ApprovalDecision = z
  .strictObject({
    decision: z.enum(DECISIONS),
    comment: z.string().max(10_000).optional(),
    edited: Json.optional().describe('In place of the details: what is approved is what runs. For a budget: the new limits { tokens?, costUsd? }.'),
  })
  .meta({ id: 'ApprovalDecision', description: 'A decision about an approval' });
export type ApprovalDecision = z.infer<typeof ApprovalDecision>;
