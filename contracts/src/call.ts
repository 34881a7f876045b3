import { z } from 'zod';
import { BlobReference } from './blob.js';
import { BudgetCrossing } from './budget.js';
import { Failure } from './failure.js';
import { Identifier, Sha256 } from './identifier.js';
import { Json } from './json.js';
import { MOST_NAMED_ATTEMPTS, ModelAttempt, ModelOutput, ModelRequest, Usage } from './model.js';
import { Artefact, MOST_ARTEFACTS } from './stored-file.js';
import { SandboxFigures } from './tool.js';

const callFields = {
  callId: Identifier,
  tenant: Identifier,
  workflowId: Identifier,
  stepId: Identifier,
  attempt: z.number().int().min(1),
  user: Identifier.optional().describe('Whose account is also charged.'),
  session: Identifier.optional(),
  deadlineAt: z.number().int().describe('When the answer is no longer wanted, in ms since 1970.'),
};

/** The orchestrator tells the executor to run a tool. */
export const ToolCall = z
  .object({
    ...callFields,
    tool: Identifier,
    digest: Sha256.optional().describe('Pins the module; absent: the current one.'),
    version: z.string().max(100).optional().describe('Of an uploaded tool: which version, as it was when the workflow was accepted.'),
    input: Json.optional(),
    inputRef: BlobReference.optional(),
    timeoutMs: z.number().int().min(1).optional().describe("The step's own limit; the tool's limit holds too."),
    ancestors: z.array(Identifier).max(32).optional().describe('Workflows above this one: a model call of the tool is charged to their accounts too.'),
  })
  .meta({ id: 'ToolCall', description: 'Run a tool in the sandbox' });
export type ToolCall = z.infer<typeof ToolCall>;

/** The orchestrator, or a tool that asks the model, tells the model tier to answer. */
export const ModelCall = z
  .object({
    ...callFields,
    request: ModelRequest.optional(),
    requestRef: BlobReference.optional(),
    parentCallId: Identifier.optional().describe('Of a call made inside a tool: the call of the tool.'),
    answerTo: z.string().optional().describe('An inbox that also gets the result, for the tool that waits.'),
    onExceed: z.enum(['stop', 'degrade', 'ask']).optional(),
    ancestors: z.array(Identifier).max(32).optional().describe('Workflows above this one, whose accounts are charged too.'),
  })
  .meta({ id: 'ModelCall', description: 'Ask a model' });
export type ModelCall = z.infer<typeof ModelCall>;

const resultFields = {
  callId: Identifier,
  tenant: Identifier,
  workflowId: Identifier,
  stepId: Identifier,
  attempt: z.number().int().min(1),
  epoch: z.number().int().min(0).describe('The claim under which it was computed.'),
  worker: Identifier,
  startedAt: z.string(),
  finishedAt: z.string(),
  failure: Failure.optional().describe('Absent: it completed.'),
};

export const ToolResult = z
  .object({ ...resultFields, output: Json.optional(), outputRef: BlobReference.optional(), artefacts: z.array(Artefact).max(MOST_ARTEFACTS).optional().describe('Files it wrote; kept when the result is accepted.'), sandbox: SandboxFigures.optional() })
  .meta({ id: 'ToolResult', description: 'What a tool call came to' });
export type ToolResult = z.infer<typeof ToolResult>;

export const ModelResult = z
  .object({
    ...resultFields,
    output: ModelOutput.optional(),
    outputRef: BlobReference.optional(),
    usage: Usage.optional(),
    parentCallId: Identifier.optional(),
    tried: z.array(ModelAttempt).max(MOST_NAMED_ATTEMPTS).optional().describe('The attempts at vendors, in their order, where there was more than the one that answered.'),
    crossed: z.array(BudgetCrossing).optional().describe('Accounts that passed 80 % of a limit with this call.'),
    replayed: z.boolean().optional().describe('True when the recorded answer was sent again; nothing was computed or charged.'),
  })
  .meta({ id: 'ModelResult', description: 'What a model call came to' });
export type ModelResult = z.infer<typeof ModelResult>;

/** Stop working on these calls of a workflow now; all of its calls when callIds is absent. */
export const CallCancel = z
  .object({ tenant: Identifier, workflowId: Identifier, callIds: z.array(Identifier).optional() })
  .meta({ id: 'CallCancel', description: 'Stop now' });
export type CallCancel = z.infer<typeof CallCancel>;

/** Pieces of an answer as they arrive; never stored. */
export const Delta = z
  .object({ callId: Identifier, stepId: Identifier, index: z.number().int().min(0), text: z.string(), restarted: z.boolean().optional().describe('True: the attempt before it broke off; the answer begins anew with this piece.') })
  .meta({ id: 'Delta', description: 'A piece of an answer' });
export type Delta = z.infer<typeof Delta>;
