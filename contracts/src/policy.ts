import { z } from 'zod';
import { Identifier } from './identifier.js';

/** At most so many begin in any stretch of so long. */
export const StartRate = z
  .strictObject({ starts: z.number().int().min(1).max(1_000_000), perMs: z.number().int().min(100).max(86_400_000) })
  .meta({ id: 'StartRate', description: 'How many workflows may begin in a stretch of time' });

/** What holds for the workflows of one concurrency key, or with `*` for those of each key that is not named. */
export const KeyPolicy = z
  .strictObject({
    key: z.string().min(1).max(200).describe('A concurrency key; * stands for each that is not named.'),
    maxRunning: z.number().int().min(1).max(1_000_000).optional().describe('Workflows of the key at once; 1 when absent.'),
    rate: StartRate.optional(),
  })
  .meta({ id: 'KeyPolicy', description: 'Limits of a concurrency key' });
export type KeyPolicy = z.infer<typeof KeyPolicy>;

/** What a tenant may have at once, and its share when there is not enough for all. */
export const PolicyBody = z
  .strictObject({
    weight: z.number().int().min(1).max(100).default(1).describe('Calls it is dealt in one turn among tenants.'),
    maxRunning: z.number().int().min(1).max(1_000_000).nullable().default(null).describe('Workflows at once; null: no limit.'),
    keys: z.array(KeyPolicy).max(1_000).default([]),
  })
  .meta({ id: 'PolicyBody', description: 'Sets the policy of a tenant' });
export type PolicyBody = z.infer<typeof PolicyBody>;

export const Policy = z.object({ tenant: Identifier, ...PolicyBody.shape }).meta({ id: 'Policy', description: 'What a tenant may have at once' });
export type Policy = z.infer<typeof Policy>;

/** What of one key is queued, runs and is tried again. */
export const KeyQueue = z
  .object({
    tenant: Identifier,
    key: z.string().nullable().describe('null: workflows without a key.'),
    queued: z.number().int().min(0),
    running: z.number().int().min(0),
    retrying: z.number().int().min(0).describe('Running ones with a step that failed and is tried again.'),
    maxRunning: z.number().int().nullable(),
    rate: z.object({ starts: z.number().int(), perMs: z.number().int(), left: z.number().int() }).nullable(),
    oldestQueuedMs: z.number().int().nullable().describe('How long the oldest has waited.'),
  })
  .meta({ id: 'KeyQueue', description: 'What of one key is queued, runs and is tried again' });
export type KeyQueue = z.infer<typeof KeyQueue>;
