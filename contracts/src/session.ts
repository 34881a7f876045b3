import { z } from 'zod';
import { Identifier } from './identifier.js';

export const ROLES = ['read', 'write', 'admin'] as const;

/** Who asks, as the server sees it. Without keys configured everybody who reaches this address is the operator. */
export const Session = z
  .object({
    tenant: Identifier,
    role: z.enum(ROLES).describe('read: looks only; write: tasks, control and approvals; admin: everything.'),
    keysConfigured: z.boolean(),
    keyName: z.string().optional(),
    version: z.string(),
  })
  .meta({ id: 'Session', description: 'Who asks' });
export type Session = z.infer<typeof Session>;
