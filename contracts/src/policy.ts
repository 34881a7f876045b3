import { z } from 'zod';
import { DEFAULT_TENANT } from './headers.js';
import { Identifier } from './identifier.js';
import { Reason } from './reason.js';

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

/** Grants of tools that a policy may withhold, as `grants` of tool.json calls them. */
export const GRANT_NAMES = ['http', 'model', 'tools', 'kv', 'files', 'artefacts', 'memory'] as const;

/**
 * What the tools of a tenant may do. It only narrows what their manifests grant; an absent field takes nothing away. It holds for
 * calls of a workflow and for tools that tools call, also for workflows that were accepted before it was set.
 */
export const ToolPolicy = z
  .strictObject({
    allow: z.array(Identifier).max(1_000).optional().describe('The only tools that may be called; absent: all.'),
    deny: z.array(Identifier).max(1_000).optional().describe('Tools that may not be called, also when they are in allow.'),
    hosts: z
      .array(z.string().max(253).regex(/^(\*\.)?[A-Za-z0-9._:-]+$/, 'must be a host name, or *.example.com for the names below it; no scheme, port or path'))
      .max(256)
      .optional()
      .describe('The only hosts that tools may reach, of those their manifests grant; a host name, or *.example.com for the names below it. Empty: none. Absent: all of those.'),
    remote: z
      .array(z.string().max(600).regex(/^tools(\.[A-Za-z0-9_-]{1,64})*\.([A-Za-z0-9_-]{1,64}|>)$/, 'must be a subject such as tools.orders.find, or tools.orders.> for those below'))
      .max(256)
      .optional()
      .describe('The only subjects on which services may answer remote tools: whole ones, or tools.orders.> for those below. Absent: any for the operator and for tools that come with the executor, none for tools that another tenant uploads.'),
    withhold: z.array(z.enum(GRANT_NAMES)).max(GRANT_NAMES.length).optional().describe('Grants that no tool of the tenant has, whatever its manifest says.'),
  })
  .meta({ id: 'ToolPolicy', description: 'What the tools of a tenant may do' });
export type ToolPolicy = z.infer<typeof ToolPolicy>;

/** Whether a policy lets no workflow of its tenant call a tool. */
export function isToolDenied({ allow, deny }: ToolPolicy = {}, tool: string): boolean {
  return deny?.includes(tool) === true || (allow !== undefined && !allow.includes(tool));
}

/** Whether a policy lets a remote tool of its tenant not be answered on its subject: a tenant does not open the team's services to itself. */
export function isRemoteDenied({ remote }: ToolPolicy = {}, tool: { tenant: string; remote: string; bundled: boolean }): boolean {
  if (remote === undefined) return !tool.bundled && tool.tenant !== DEFAULT_TENANT;
  return !remote.some((each) => each === tool.remote || (each.endsWith('.>') && tool.remote.startsWith(each.slice(0, -1))));
}

/** What a tenant may have at once, and its share when there is not enough for all. */
export const PolicyBody = z
  .strictObject({
    weight: z.number().int().min(1).max(100).default(1).describe('Calls it is dealt in one turn among tenants.'),
    maxRunning: z.number().int().min(1).max(1_000_000).nullable().default(null).describe('Workflows at once; null: no limit.'),
    keys: z.array(KeyPolicy).max(1_000).default([]),
    timeZone: z.string().min(1).max(60).optional().describe('In whose days and months the accounts of the tenant, its users, sessions and workflows are counted: a name of the IANA database, such as Asia/Shanghai. Absent: UTC.'),
    tools: ToolPolicy.optional().describe('Only the operator sets it. Left out it stays as it is; {} lifts it. Where it was never set tools may do what their manifests say.'),
  })
  .meta({ id: 'PolicyBody', description: 'Sets the policy of a tenant' });
export type PolicyBody = z.infer<typeof PolicyBody>;

/** The body of PUT /api/v1/policies/{tenant}. */
export const PolicyChange = z.strictObject({ ...PolicyBody.shape, reason: Reason.optional() }).meta({ id: 'PolicyChange', description: 'Sets the policy of a tenant, and says why' });

export const Policy = z.object({ tenant: Identifier, ...PolicyBody.shape }).meta({ id: 'Policy', description: 'What a tenant may have at once, and what its tools may do' });
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
