import { z } from 'zod';
import { TaskBudget } from './budget.js';
import { Identifier } from './identifier.js';
import { Json } from './json.js';
import { Plan } from './plan.js';

export const PRIORITIES = ['high', 'normal', 'low'] as const;
export const Priority = z.enum(PRIORITIES);
export type Priority = z.infer<typeof Priority>;

const taskFields = {
  goal: z.string().min(1, 'must not be empty').max(32_000).describe('What is wanted, in words.'),
  template: Identifier.optional().describe('The template that plans it.'),
  plan: Plan.optional().describe('The steps themselves, in place of a template.'),
  input: Json.optional().describe('Values the plan may use.'),
  budget: TaskBudget.optional(),
  user: Identifier.optional().describe('On whose account it also goes.'),
  session: Identifier.optional(),
  concurrencyKey: z.string().min(1).max(200).optional(),
  labels: z.record(Identifier, z.string().max(200)).optional(),
  priority: Priority.optional(),
  deadlineMs: z.number().int().min(1).max(30 * 86_400_000).optional().describe('From acceptance to the end.'),
  workflowId: Identifier.optional().describe('Chosen by the submitter; the same id and body give the same workflow.'),
};

/** What somebody asks for: the body of every door. */
export const TaskSubmit = z
  .strictObject(taskFields)
  .refine((task) => task.plan === undefined || task.template === undefined, 'must not have both plan and template')
  .meta({ id: 'TaskSubmit', description: 'What somebody asks for' });
export type TaskSubmit = z.infer<typeof TaskSubmit>;

/** A task as it is kept: its plan stands beside it, whether it was sent or made from a template. */
export const AcceptedTask = z.object(taskFields).omit({ plan: true });
export type AcceptedTask = z.infer<typeof AcceptedTask>;

/** What a door answers. */
export const TaskAccepted = z
  .object({ workflowId: Identifier, status: z.string(), duplicate: z.boolean() })
  .meta({ id: 'TaskAccepted', description: 'The answer to a submit' });
export type TaskAccepted = z.infer<typeof TaskAccepted>;

/** The largest body a door takes, in bytes: what fits into one message of the bus together with its envelope. */
export const MOST_TASK_BYTES = 1_000_000;
