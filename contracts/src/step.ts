import { z } from 'zod';
import { ApprovalId } from './approval.js';
import { Failure } from './failure.js';
import { Identifier } from './identifier.js';
import { Json } from './json.js';
import { ModelAttempt, Usage } from './model.js';
import { StepKind } from './plan.js';
import { SandboxFigures } from './tool.js';

export const STEP_STATUSES = ['pending', 'scheduled', 'running', 'waiting', 'completed', 'failed', 'cancelled', 'skipped'] as const;
export const StepStatus = z.enum(STEP_STATUSES);
export type StepStatus = z.infer<typeof StepStatus>;

export const CALL_OUTCOMES = ['completed', 'failed', 'lost', 'stale', 'cancelled'] as const;

/** One try to get a step done, as it is kept in its history. */
export const CallRecord = z
  .object({
    callId: z.string(),
    attempt: z.number().int(),
    worker: z.string().nullable(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    usage: Usage.nullable(),
    sandbox: SandboxFigures.nullable(),
    outcome: z.enum(CALL_OUTCOMES).nullable().describe('null while it runs.'),
    parentCallId: z.string().optional().describe('Of a model call made inside a tool: the call of the tool.'),
    tried: z.array(ModelAttempt).optional().describe('Of a model call: the attempts at vendors, where there was more than the one that answered.'),
  })
  .meta({ id: 'CallRecord', description: 'One call of a step' });
export type CallRecord = z.infer<typeof CallRecord>;

export const Step = z
  .object({
    id: Identifier,
    kind: StepKind,
    title: z.string().nullable(),
    status: StepStatus,
    attempts: z.number().int(),
    startedAt: z.string().nullable(),
    finishedAt: z.string().nullable(),
    input: Json.nullable(),
    output: Json.nullable(),
    failure: Failure.nullable(),
    calls: z.array(CallRecord),
    parent: Identifier.optional().describe('Of a step inside another: an item of a map, a turn or a tool call of an agent.'),
    approvalId: ApprovalId.optional().describe('While it waits for a person: what to decide.'),
    childWorkflowId: Identifier.optional().describe('Of a workflow step: the workflow that does its work.'),
    reusedFrom: Identifier.optional().describe('Of a fork: the workflow its result was computed in.'),
  })
  .meta({ id: 'Step', description: 'A step of a workflow' });
export type Step = z.infer<typeof Step>;
