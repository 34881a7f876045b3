import { z } from 'zod';
import { BlobReference } from './blob.js';
import { Identifier } from './identifier.js';
import { Json, JsonRecord } from './json.js';
import { StepKind } from './plan.js';

/** A step inside another: an item of a map, a turn or a tool call of an agent. */
export const ChildLink = z
  .object({
    parent: Identifier,
    index: z.number().int().min(0),
    kind: StepKind,
    tool: Identifier.optional(),
    toolCallId: z.string().optional().describe('Of a tool call of an agent: the id the model gave it.'),
  })
  .meta({ id: 'ChildLink', description: 'The place of a step inside another' });
export type ChildLink = z.infer<typeof ChildLink>;

/** The step of another workflow that waits for this one. */
export const ParentLink = z
  .object({ workflowId: Identifier, stepId: Identifier, ancestors: z.array(Identifier).describe('All workflows above it, the nearest first; their accounts are charged too.') })
  .meta({ id: 'ParentLink', description: 'The step that waits for this workflow' });
export type ParentLink = z.infer<typeof ParentLink>;

export const ForkOrigin = z.object({ workflowId: Identifier, fromStep: Identifier }).meta({ id: 'ForkOrigin', description: 'The workflow and step this one was forked from' });
export type ForkOrigin = z.infer<typeof ForkOrigin>;

/** A tool as it was when the workflow was accepted. */
export const PinnedTool = z
  .object({ digest: z.string(), version: z.string().optional().describe('Of an uploaded tool.'), dangerous: z.boolean().optional(), description: z.string().optional(), input: JsonRecord.optional().describe('JSON Schema of its input, where a model is offered the tool.') })
  .meta({ id: 'PinnedTool', description: 'A tool as it was when the workflow was accepted' });
export type PinnedTool = z.infer<typeof PinnedTool>;

/** What a plan may be made of, as it was when the workflow was accepted; expressions see it as `catalog`. */
export const Catalog = z
  .object({
    tools: z.array(z.object({ name: Identifier, description: z.string(), input: JsonRecord.describe('JSON Schema of its input.') })).describe('None that a person has to approve.'),
    templates: z.array(z.object({ name: Identifier, description: z.string(), input: z.record(Identifier, z.string()).optional() })),
  })
  .meta({ id: 'Catalog', description: 'What a plan may be made of' });
export type Catalog = z.infer<typeof Catalog>;

/** What a step that is no single call works on. */
export const StepWork = z
  .discriminatedUnion('kind', [
    z.object({ kind: z.literal('agent') }),
    z.object({ kind: z.literal('code') }),
    z.object({ kind: z.literal('map'), total: z.number().int().min(0), items: z.array(Json).optional(), itemsRef: BlobReference.optional() }),
    z.object({ kind: z.literal('wait'), until: z.number().int().nullable().describe('ms since 1970'), signal: z.string().nullable() }),
    z.object({ kind: z.literal('workflow'), childId: Identifier }),
  ])
  .meta({ id: 'StepWork', description: 'What a step works on that is no single call' });
export type StepWork = z.infer<typeof StepWork>;
