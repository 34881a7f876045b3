import { z } from 'zod';

/** What usage is summed by. */
export const USAGE_KEYS = ['model', 'template', 'day', 'user', 'tenant'] as const;
export const UsageKey = z.enum(USAGE_KEYS);
export type UsageKey = z.infer<typeof UsageKey>;

export const UsageRow = z
  .object({
    key: z.string().describe('A model at its endpoint, a template (- for none), a day (YYYY-MM-DD, UTC), a user (- for none) or a tenant.'),
    calls: z.number().int().min(0).describe('Model calls that were charged, with an answer or without; each counts under the model it was charged at last.'),
    inputTokens: z.number().int().min(0),
    outputTokens: z.number().int().min(0),
    nanoUsd: z.number().int().min(0),
  })
  .meta({ id: 'UsageRow', description: 'What was used under one key' });
export type UsageRow = z.infer<typeof UsageRow>;
