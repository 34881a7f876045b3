import { z } from 'zod';
import { TaskBudget } from './budget.js';
import { Identifier } from './identifier.js';
import { Json } from './json.js';
import { Plan } from './plan.js';
import { Reason } from './reason.js';
import { Priority } from './task.js';

/** What becomes of a time at which the run before has not ended. */
export const OVERLAPS = ['skip', 'queue', 'cancel', 'allow'] as const;
/** Which of the times that passed while nobody could start them are made up for. */
export const CATCH_UPS = ['none', 'last', 'all'] as const;

/** The task of every run; its budget is that of each run by itself. */
export const ScheduledTask = z
  .strictObject({
    goal: z.string().min(1, 'must not be empty').max(32_000),
    template: Identifier.optional(),
    plan: Plan.optional(),
    input: Json.optional(),
    budget: TaskBudget.optional(),
    user: Identifier.optional(),
    session: Identifier.optional(),
    concurrencyKey: z.string().min(1).max(200).optional(),
    labels: z.record(Identifier, z.string().max(200)).optional(),
    priority: Priority.optional(),
    deadlineMs: z.number().int().min(1).max(30 * 86_400_000).optional(),
  })
  .meta({ id: 'ScheduledTask', description: 'The task of every run of a schedule' });
export type ScheduledTask = z.infer<typeof ScheduledTask>;

const MOST_ID_CHARACTERS = 43;

/** The body that makes or replaces a schedule. */
export const ScheduleBody = z
  .strictObject({
    id: Identifier.max(MOST_ID_CHARACTERS, `must have at most ${MOST_ID_CHARACTERS} characters, since the id of each run begins with it`).optional(),
    cron: z.string().min(1).max(200).optional().describe('Five fields (minute hour day month weekday), or six with seconds first.'),
    at: z.iso.datetime({ offset: true }).optional().describe('Once, at this time; in place of cron.'),
    timeZone: z.string().min(1).max(60).default('UTC').describe('IANA name, such as Europe/Berlin: cron is read in it.'),
    task: ScheduledTask,
    overlap: z.enum(OVERLAPS).default('skip').describe('When the run before has not ended: skip this time, queue it behind, cancel the run before, or allow both.'),
    catchUp: z
      .strictObject({ policy: z.enum(CATCH_UPS), withinMs: z.number().int().min(0).max(366 * 86_400_000).optional().describe('Older times are left out.') })
      .default({ policy: 'last' })
      .describe('Times that passed while nobody could start them: none of them, the last, or all.'),
    paused: z.boolean().default(false),
    reason: Reason.optional(),
  })
  .refine((schedule) => (schedule.cron === undefined) !== (schedule.at === undefined), 'must have either cron or at')
  .meta({ id: 'ScheduleBody', description: 'Makes or replaces a schedule' });
export type ScheduleBody = z.infer<typeof ScheduleBody>;

/** What became of one time of a schedule. */
export const ScheduleRun = z
  .object({ at: z.string().describe('The time it was due.'), workflowId: Identifier.nullable(), outcome: z.enum(['started', 'skipped', 'failed']), detail: z.string().optional() })
  .meta({ id: 'ScheduleRun', description: 'What became of one time of a schedule' });
export type ScheduleRun = z.infer<typeof ScheduleRun>;

export const Schedule = z
  .object({
    id: Identifier,
    tenant: Identifier,
    cron: z.string().nullable(),
    at: z.string().nullable(),
    timeZone: z.string(),
    task: ScheduledTask,
    overlap: z.enum(OVERLAPS),
    catchUp: z.object({ policy: z.enum(CATCH_UPS), withinMs: z.number().optional() }),
    paused: z.boolean(),
    createdAt: z.string(),
    nextAt: z.string().nullable().describe('null: it is paused, or over.'),
    lastAt: z.string().nullable(),
    lastWorkflowId: Identifier.nullable(),
    runs: z.array(ScheduleRun).describe('The latest, newest first.'),
  })
  .meta({ id: 'Schedule', description: 'Starts a task at times' });
export type Schedule = z.infer<typeof Schedule>;
