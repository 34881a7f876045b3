import { z } from 'zod';
import { Identifier } from './identifier.js';
import { Reason } from './reason.js';
import { Role } from './session.js';

/** Keys of all tenants together. */
export const MOST_API_KEYS = 1_000;

/** trv_ and 256 bits in base64url. */
export const API_KEY_PATTERN = /^trv_[A-Za-z0-9_-]{43}$/;

const KeyName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._@-]{0,63}$/u, 'must begin with a letter or digit and have only letters, digits, spaces and . _ @ -, at most 64');

/** The body of POST /api/v1/keys. */
export const ApiKeyBody = z
  .strictObject({
    name: KeyName.describe('Who or what uses it; the audit names it. One key of a tenant has it at a time.'),
    tenant: Identifier.optional().describe('Absent: the tenant that asks. Only the operator names another.'),
    role: Role,
    expiresAt: z.iso.datetime({ offset: true }).optional().describe('When it ends by itself; absent: never.'),
    reason: Reason.optional(),
  })
  .meta({ id: 'ApiKeyBody', description: 'Makes an API key' });
export type ApiKeyBody = z.infer<typeof ApiKeyBody>;

/** A key as it is shown: never its secret. */
export const ApiKey = z
  .object({
    id: Identifier,
    name: z.string(),
    tenant: Identifier,
    role: Role,
    createdAt: z.string(),
    createdBy: z.string().describe('The client or the key that made it.'),
    rotatedAt: z.string().nullable().describe('When its secret was replaced last.'),
    expiresAt: z.string().nullable(),
    lastUsedAt: z.string().nullable().describe('Within about a minute; forgotten when Redis loses its data.'),
  })
  .meta({ id: 'ApiKey', description: 'An API key, without its secret' });
export type ApiKey = z.infer<typeof ApiKey>;

/** A key with its secret, which is shown this once and kept nowhere. */
export const ApiKeyWithSecret = z.object({ ...ApiKey.shape, secret: z.string().describe('trv_ and 43 characters.') }).meta({ id: 'ApiKeyWithSecret', description: 'A new API key, or one with a new secret; the secret is shown once' });
export type ApiKeyWithSecret = z.infer<typeof ApiKeyWithSecret>;

/** A tenant that Trivet has seen. */
export const TenantSummary = z
  .object({
    tenant: Identifier,
    keys: z.number().int().min(0),
    workflows: z.number().int().min(0).describe('Those whose record is in Redis.'),
    hasPolicy: z.boolean(),
  })
  .meta({ id: 'TenantSummary', description: 'A tenant, and how much there is of it' });
export type TenantSummary = z.infer<typeof TenantSummary>;
