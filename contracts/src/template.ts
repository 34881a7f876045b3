import { z } from 'zod';
import { Identifier } from './identifier.js';
import { Plan } from './plan.js';

/** A plan with a name, written in YAML. */
export const Template = z
  .object({
    name: Identifier,
    title: z.string().min(1).max(120),
    description: z.string().min(1).describe('What it does, in the words of somebody who looks for it.'),
    input: z.record(Identifier, z.string()).optional().describe("What it takes as the task's input, a sentence each."),
    plan: Plan,
    digest: z.string().describe('sha256 of the plan: a workflow stays pinned to the content it was made from.'),
  })
  .meta({ id: 'Template', description: 'A plan with a name' });
export type Template = z.infer<typeof Template>;
