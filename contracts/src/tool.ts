import { z } from 'zod';
import { Identifier, Sha256 } from './identifier.js';
import { Json, JsonRecord, canonicalJson } from './json.js';

export const HttpGrant = z.strictObject({
  host: z.string().min(1).max(253).describe('A host name, or *.example.com for the names below it.'),
  port: z.number().int().min(1).max(65535).optional().describe('Absent: 443, and 80 for http.'),
  secretHeader: z.string().optional().describe('A configured secret that the parent adds as a header; the plugin never sees it.'),
});

export const ToolGrants = z
  .strictObject({
    http: z.array(HttpGrant).max(64).optional(),
    model: z.boolean().optional().describe('May ask the model tier, under the budget of its workflow.'),
    tools: z.array(Identifier).max(64).optional().describe('Other tools it may call.'),
    kv: z.boolean().optional().describe('May keep small state of its workflow, shared with the other tools of it that are granted this.'),
    memory: z.boolean().optional().describe('May remember texts for its tenant, find them again by meaning, and forget them; embedding them is charged to its workflow.'),
    files: z.boolean().optional().describe('May read the documents granted to it.'),
    artefacts: z.boolean().optional().describe('May write files of its tenant; they are kept when its call completes.'),
  })
  .meta({ id: 'ToolGrants', description: 'What a tool may reach; everything else is denied' });
export type ToolGrants = z.infer<typeof ToolGrants>;

export const ToolLimits = z
  .strictObject({
    timeoutMs: z.number().int().min(1).max(3_600_000),
    memoryMib: z.number().int().min(1).max(1024),
    outputKib: z.number().int().min(1).max(16_384),
    hostCalls: z.number().int().min(0).max(10_000),
  })
  .meta({ id: 'ToolLimits', description: 'Hard limits of one call' });
export type ToolLimits = z.infer<typeof ToolLimits>;

/**
 * Subjects on which services of the team answer as tools. None of Trivet's own, of JetStream's, of the server's or of anybody's inbox
 * begins so, and no wildcard fits.
 */
export const REMOTE_SUBJECT = /^tools(\.[A-Za-z0-9_-]{1,64}){1,8}$/;

/** tool.json. An unknown field is refused. */
export const ToolManifest = z
  .strictObject({
    name: Identifier,
    version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/, 'must be a semantic version such as 1.0.0'),
    description: z.string().min(1).max(2000),
    entry: z.string().min(1).max(200).optional().describe('The exported function; run when absent.'),
    input: JsonRecord.describe('JSON Schema of the input.'),
    output: JsonRecord.describe('JSON Schema of the output.'),
    grants: ToolGrants.optional(),
    limits: ToolLimits,
    idempotent: z.boolean().optional().describe('Whether running it twice does no harm.'),
    dangerous: z.boolean().optional().describe('Whether a person should approve a call.'),
    remote: z
      .string()
      .regex(REMOTE_SUBJECT, 'must be tools. and 1 to 8 names of letters, digits, _ and -, with dots between, such as tools.orders.find')
      .optional()
      .describe('A subject on which an existing service of the team answers instead of a plugin. Such a tool has no entry and no grants; of its limits only timeoutMs and outputKib matter.'),
  })
  .meta({ id: 'ToolManifest', description: 'tool.json' });
export type ToolManifest = z.infer<typeof ToolManifest>;

/** A tool of the catalog, as GET /api/v1/tools lists it. */
export const Tool = z
  .object({
    ...ToolManifest.shape,
    digest: Sha256.describe('sha256 of the module; of a remote tool that of its manifest.'),
    bundled: z.boolean(),
    disabled: z.boolean().optional().describe('An uploaded tool that runs no calls until it is enabled again.'),
    uploadedAt: z.string().optional().describe('Of an uploaded tool.'),
  })
  .meta({ id: 'Tool', description: 'A tool of the catalog' });
export type Tool = z.infer<typeof Tool>;

/** A case of cases.json: the tool must give this output for this input, or fail with this code. */
export const ToolCase = z
  .strictObject({
    name: z.string().min(1).max(200),
    input: Json,
    output: Json.optional().describe('The whole output.'),
    contains: JsonRecord.optional().describe('Fields the output must have.'),
    failure: z.strictObject({ code: z.string(), message: z.string().optional().describe('Words the message must contain.') }).optional().describe('How it must fail.'),
  })
  .meta({ id: 'ToolCase', description: 'What a tool must answer to an input' });
export type ToolCase = z.infer<typeof ToolCase>;

/** What is wrong with a tool that shall be admitted. */
export const ToolFinding = z.object({ pointer: z.string().describe('/manifest/…, /module/<rule> or /cases/<index>'), detail: z.string() }).meta({ id: 'ToolFinding', description: 'What is wrong with a tool' });
export type ToolFinding = z.infer<typeof ToolFinding>;

/** The orchestrator asks an executor whether a tool may be admitted; the module lies in the catalog under its digest. */
export const AdmitRequest = z.object({ tenant: Identifier, manifest: ToolManifest, digest: Sha256, cases: z.array(ToolCase).max(100) }).meta({ id: 'AdmitRequest', description: 'Check a tool' });
export type AdmitRequest = z.infer<typeof AdmitRequest>;
export const AdmitAnswer = z.object({ findings: z.array(ToolFinding), casesPassed: z.number().int() }).meta({ id: 'AdmitAnswer', description: 'What was found' });
export type AdmitAnswer = z.infer<typeof AdmitAnswer>;

/** What the author of a tool signs: the digest of the module (hex) and the manifest, so that neither can be exchanged. */
export const signedToolText = (digest: string, manifest: unknown): string => `${digest}\n${canonicalJson(manifest)}`;

/** What the sandbox measured of one call. */
export const SandboxFigures = z
  .object({
    wallMs: z.number(),
    cpuMs: z.number(),
    peakMemoryMib: z.number(),
    hostCalls: z.number().int(),
    bytesIn: z.number().int(),
    bytesOut: z.number().int(),
    slotPid: z.number().int().optional(),
  })
  .meta({ id: 'SandboxFigures', description: 'What the sandbox measured of a call' });
export type SandboxFigures = z.infer<typeof SandboxFigures>;
