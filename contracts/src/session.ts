import { z } from 'zod';
import { Identifier } from './identifier.js';

export const ROLES = ['read', 'write', 'admin'] as const;
export const Role = z.enum(ROLES).meta({ id: 'Role', description: 'read: looks only; write: tasks, control, approvals, schedules and files; admin: everything of its tenant' });
export type Role = z.infer<typeof Role>;

/** Who asks, as the server sees it. Without keys configured everybody who reaches this address is the operator. */
export const Session = z
  .object({
    tenant: Identifier,
    role: Role,
    keysConfigured: z.boolean(),
    keyId: z.string().optional(),
    keyName: z.string().optional(),
    version: z.string(),
  })
  .meta({ id: 'Session', description: 'Who asks' });
export type Session = z.infer<typeof Session>;

/** The body of POST /api/v1/session. */
export const SessionBody = z.strictObject({ key: z.string().min(1).max(200).describe('The secret of an API key.') }).meta({ id: 'SessionBody', description: 'Signs a browser in' });
