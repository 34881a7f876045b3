import { z } from 'zod';
import { TaskBudget } from './budget.js';
import { Identifier } from './identifier.js';
import { Json } from './json.js';
import { TIERS } from './model.js';
import { Plan } from './plan.js';

/** What a step of each kind takes once its expressions are evaluated. */

export const AGENT_DEFAULTS = { maxTurns: 10, maxCalls: 30, maxTokens: 100_000 } as const;

export const AgentInput = z
  .strictObject({
    goal: z.string().min(1).max(200_000),
    tools: z.array(Identifier).max(64).default([]).describe('The tools it may call; nothing else.'),
    prompt: z.string().min(1).max(32_000).optional().describe('What it is told about its role, as the system message.'),
    tier: z.enum(TIERS).optional(),
    model: z.string().min(1).max(200).optional(),
    maxTurns: z.number().int().min(1).max(100).default(AGENT_DEFAULTS.maxTurns).describe('Most model calls; at the last one it has to answer.'),
    maxCalls: z.number().int().min(0).max(1_000).default(AGENT_DEFAULTS.maxCalls).describe('Most tool calls.'),
    maxTokens: z.number().int().min(1).max(10_000_000).default(AGENT_DEFAULTS.maxTokens).describe('Most input and output tokens of all its model calls together.'),
  })
  .meta({ id: 'AgentInput', description: 'What an agent step takes' });
export type AgentInput = z.infer<typeof AgentInput>;

/** A small folder in the memory of a script: texts by name, or bytes. */
export const ScriptFiles = z
  .record(z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/, 'must have 1 to 100 letters, digits and . _ -, and begin with none of . and -'), z.union([z.string(), z.strictObject({ base64: z.string() })]))
  .meta({ id: 'ScriptFiles', description: 'Files of a script, by name' });
export type ScriptFiles = z.infer<typeof ScriptFiles>;

export const CodeInput = z
  .strictObject({ code: z.string().min(1).max(200_000), input: Json.optional(), files: ScriptFiles.optional().describe('Files the script finds in its folder.'), tools: z.array(Identifier).max(64).optional().describe('Makes the script durable: it may await these tools, ask(), approve(), sleep() and waitFor(), and goes on after a crash where it was.'), timeoutMs: z.number().int().min(1).optional() })
  .meta({ id: 'CodeInput', description: 'What a code step takes' });
export type CodeInput = z.infer<typeof CodeInput>;

/** What a durable script waits for. */
export const ScriptAwait = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('tool'), tool: Identifier, input: Json }),
    z.object({ kind: z.literal('model'), input: Json }),
    z.object({ kind: z.literal('approval'), input: Json }),
    z.object({ kind: z.literal('wait'), input: Json }),
  ])
  .meta({ id: 'ScriptAwait', description: 'What a durable script waits for' });
export type ScriptAwait = z.infer<typeof ScriptAwait>;

export const ApprovalInput = z
  .strictObject({
    question: z.string().min(1).max(10_000),
    details: Json.optional().describe('What is decided about; the decider may edit it.'),
    expiresMs: z.number().int().min(1).max(365 * 86_400_000).optional(),
    onExpire: z.enum(['deny', 'fail', 'approve']).default('deny'),
  })
  .meta({ id: 'ApprovalInput', description: 'What an approval step takes' });
export type ApprovalInput = z.infer<typeof ApprovalInput>;

export const SignalName = z.string().min(1).max(200);
const LONGEST_WAIT_MS = 366 * 86_400_000;

export const WaitInput = z
  .union([
    z.strictObject({ ms: z.number().int().min(0).max(LONGEST_WAIT_MS) }),
    z.strictObject({ until: z.union([z.iso.datetime({ offset: true }), z.number().int().min(0)]).describe('ISO 8601 with its offset, such as 2030-01-01T09:00:00Z, or ms since 1970.') }),
    z.strictObject({ signal: SignalName, timeoutMs: z.number().int().min(1).max(LONGEST_WAIT_MS).optional() }),
  ])
  .meta({ id: 'WaitInput', description: 'What a wait step takes: a duration, a time, or a signal' });
export type WaitInput = z.infer<typeof WaitInput>;

export const ChildInput = z
  .strictObject({ template: Identifier.optional(), plan: Plan.optional(), goal: z.string().min(1).max(32_000), input: Json.optional(), budget: TaskBudget.optional(), dryRun: z.boolean().optional().describe('Check the plan, and begin nothing; gives { valid, mistakes }.') })
  .refine((child) => child.plan === undefined || child.template === undefined, 'must not have both plan and template')
  .meta({ id: 'ChildInput', description: 'What a workflow step takes' });
export type ChildInput = z.infer<typeof ChildInput>;
