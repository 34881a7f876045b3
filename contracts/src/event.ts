import { z } from 'zod';
import { BlobReference } from './blob.js';
import { BudgetCrossing } from './budget.js';
import { Failure, FieldError } from './failure.js';
import { Identifier } from './identifier.js';
import { Json } from './json.js';
import { Plan } from './plan.js';
import { APPROVAL_PURPOSES, ApprovalId, DECISIONS } from './approval.js';
import { TIERS } from './model.js';
import { CallRecord } from './step.js';
import { Catalog, ChildLink, ForkOrigin, ParentLink, PinnedTool, StepWork } from './step-work.js';
import { AcceptedTask } from './task.js';

const childField = { child: ChildLink.optional().describe('Of a step inside another, the first time it is named.') };

/**
 * The data of every event. A workflow's state is the fold of its events, so each carries all that it changes: what
 * other systems read, what audit verifies and what rebuilds Redis are the same bytes.
 */
export const EVENT_DATA = {
  'task.accepted': z.object({
    tenant: Identifier,
    task: AcceptedTask,
    plan: Plan,
    template: z.string().nullable(),
    templateDigest: z.string().nullable().describe('Content hash of the template; the workflow stays pinned to it.'),
    source: z.enum(['http', 'bus', 'rpc', 'cli', 'schedule', 'mcp', 'workflow', 'fork']),
    bodyHash: z.string(),
    traceparent: z.string().nullable(),
    tools: z.record(Identifier, PinnedTool).optional().describe('The tools its plan names, as they were then.'),
    catalog: Catalog.optional().describe('Where its plan looks at what there is: the tools and templates of then.'),
    allowedTools: z.array(Identifier).optional().describe('Of a workflow whose plan a model made, and of those below it: no other tools.'),
    parent: ParentLink.optional().describe('Of a child workflow: the step that waits for it.'),
    fork: ForkOrigin.optional(),
    gated: z.boolean().optional().describe('It begins when the limits of its key or tenant let it.'),
    machine: z.number().int().min(1).optional().describe('The version of the rules that move it; absent: 1.'),
  }),
  'task.rejected': z.object({
    failure: Failure,
    errors: z.array(FieldError),
    claimedWorkflowId: z.string().nullable().describe('The id the sender gave, if any.'),
    claimedMessageId: z.string().nullable(),
    subject: z.string(),
  }),
  'fact.recorded': z.object({ fact: z.record(z.string(), z.unknown()) }).describe('Of no workflow: a limit, a policy, a schedule or an audit row, kept so that it can be restored.'),
  'workflow.started': z.object({}),
  'step.scheduled': z.object({ ...childField, stepId: Identifier, callId: Identifier, attempt: z.number().int(), input: Json.optional(), inputRef: BlobReference.optional() }).describe('Its call is queued for a worker.'),
  'step.started': z
    .object({ ...childField, stepId: Identifier, callId: Identifier, attempt: z.number().int(), input: Json.optional(), inputRef: BlobReference.optional(), work: StepWork })
    .describe('A step that the orchestrator itself carries through: an agent, a map, a wait, a child workflow.'),
  'step.retrying': z.object({ stepId: Identifier, failure: Failure, call: CallRecord, nextAttempt: z.number().int(), retryAt: z.number().int(), tier: z.enum(TIERS).optional().describe('The smaller tier it is tried with.') }),
  'step.reused': z
    .object({ stepId: Identifier, from: Identifier.describe('The workflow it was computed in.'), input: Json.optional(), inputRef: BlobReference.optional(), output: Json.optional(), outputRef: BlobReference.optional(), call: CallRecord.nullable() })
    .describe('A fork takes the result of another workflow; nothing is computed.'),
  'step.completed': z.object({ stepId: Identifier, call: CallRecord, output: Json.optional(), outputRef: BlobReference.optional() }),
  'step.failed': z.object({ ...childField, stepId: Identifier, failure: Failure, call: CallRecord.nullable() }),
  'step.skipped': z.object({ ...childField, stepId: Identifier, reason: z.string() }),
  'step.cancelled': z.object({ stepId: Identifier }),
  'call.lost': z.object({ stepId: Identifier, callId: Identifier, worker: z.string(), deaths: z.number().int(), call: CallRecord }),
  'call.completed': z.object({ stepId: Identifier, call: CallRecord }).describe('A model call made inside a tool came to its end.'),
  'call.stale': z.object({ stepId: Identifier, call: CallRecord }),
  'approval.requested': z
    .object({
      ...childField,
      stepId: Identifier,
      approvalId: ApprovalId,
      attempt: z.number().int(),
      purpose: z.enum(APPROVAL_PURPOSES),
      question: z.string(),
      details: Json.optional(),
      detailsRef: BlobReference.optional(),
      expiresAt: z.number().int().nullable().describe('ms since 1970'),
      onExpire: z.enum(['deny', 'fail', 'approve']),
      call: CallRecord.optional().describe('The call that was refused, when a budget is spent.'),
    })
    .describe('The step waits for a person.'),
  'approval.decided': z.object({ stepId: Identifier, approvalId: ApprovalId, decision: z.enum(DECISIONS), comment: z.string().nullable(), edited: Json.optional(), actor: z.string() }),
  'budget.threshold': BudgetCrossing.extend({ stepId: Identifier, callId: z.string() }).describe('With this call an account passed 80 % of a limit; told once for a limit and window.'),
  'signal.received': z.object({ name: z.string(), payload: Json.optional() }),
  'signal.consumed': z.object({ name: z.string(), stepId: Identifier }).describe('A wait step took the oldest kept signal of this name.'),
  'workflow.paused': z.object({ reason: z.string() }),
  'workflow.resumed': z.object({}),
  'workflow.retried': z.object({ reason: z.string(), steps: z.array(Identifier).describe('The steps that run again; all others keep their results.') }),
  'workflow.cancelling': z.object({ reason: z.string() }),
  'workflow.completed': z.object({ result: Json.optional(), resultRef: BlobReference.optional() }),
  'workflow.failed': z.object({ failure: Failure }),
  'workflow.cancelled': z.object({ reason: z.string() }),
} as const;

export type EventType = keyof typeof EVENT_DATA;
export const EVENT_TYPES = Object.keys(EVENT_DATA) as [EventType, ...EventType[]];
export type EventData<Type extends EventType> = z.infer<(typeof EVENT_DATA)[Type]>;

/** A fact before it has its place in the history. */
export type Fact = { [Type in EventType]: { type: Type; data: EventData<Type> } }[EventType];

/** A fact in its place: seq from 1 without gaps. */
export type WorkflowEvent = Fact & { seq: number; at: string; workflowId: string };

export const Event = z
  .object({
    seq: z.number().int().min(1),
    type: z.enum(EVENT_TYPES),
    at: z.string().describe('ISO 8601, from the clock of Redis.'),
    workflowId: Identifier,
    data: z.record(z.string(), z.unknown()),
    hash: z.string().optional().describe('sha256 over this event and the hash of the one before.'),
  })
  .meta({ id: 'Event', description: 'One event of a workflow' });
export type Event = z.infer<typeof Event>;

export const TERMINAL_EVENTS: readonly EventType[] = ['workflow.completed', 'workflow.failed', 'workflow.cancelled'];
