import { z } from 'zod';
import { FieldError } from './failure.js';
import { Identifier } from './identifier.js';
import { JsonRecord } from './json.js';
import { ModelMessage, TIERS } from './model.js';
import { Reason } from './reason.js';

/** What a prompt is for; the offline provider serves summarise, report and plan. */
export const PROMPT_TASKS = ['summarise', 'report', 'plan', 'generate'] as const;

/** Moves by itself. */
export const LATEST_LABEL = 'latest';
/** What a prompt's name stands for where neither version nor label is given. */
export const DEFAULT_LABEL = 'production';

/** Limits of a tenant's prompts. */
export const PROMPT_LIMITS = { bytes: 262_144, tenantBytes: 67_108_864, versions: 1_000, names: 200, labels: 20, variables: 200 } as const;

const Template = z.string().max(PROMPT_LIMITS.bytes).describe('Text with tags: {{name}}, {{#name}}…{{/name}} and {{^name}}…{{/name}}.');

/** A version of a prompt, as its author writes it. */
export const PromptBody = z
  .strictObject({
    description: z.string().min(1).max(2_000),
    task: z.enum(PROMPT_TASKS).default('generate').describe('What it is for; the offline provider serves summarise, report and plan.'),
    input: z
      .object({ type: z.literal('object'), properties: z.record(Identifier, z.union([JsonRecord, z.boolean()])).refine((variables) => Object.keys(variables).length <= PROMPT_LIMITS.variables, `must have at most ${PROMPT_LIMITS.variables} variables`), required: z.array(z.string()).optional() })
      .loose()
      .describe('JSON Schema of its variables.'),
    defaults: z
      .strictObject({ maxTokens: z.number().int().min(1).optional(), tier: z.enum(TIERS).optional(), temperature: z.number().min(0).max(2).optional(), schema: JsonRecord.optional(), cacheMs: z.number().int().min(1_000).max(2_592_000_000).optional() })
      .default({})
      .describe('Used where the call does not say otherwise.'),
    system: Template.optional(),
    user: Template,
  })
  .meta({ id: 'PromptBody', description: 'A version of a prompt, as its author writes it' });
export type PromptBody = z.infer<typeof PromptBody>;

/** One version of a prompt; it never changes. */
export const Prompt = PromptBody.extend({
  name: Identifier,
  version: z.number().int().min(1),
  labels: z.array(z.string()).describe('What points to this version now; latest is kept by itself.'),
  origin: z.enum(['bundled', 'uploaded']).describe('bundled: it comes with the model service.'),
  createdAt: z.string().nullable().describe('null: bundled.'),
  createdBy: z.string().nullable(),
}).meta({ id: 'Prompt', description: 'One version of a prompt' });
export type Prompt = z.infer<typeof Prompt>;

export const PromptLabelBody = z.strictObject({ version: z.number().int().min(1), reason: Reason.optional() }).meta({ id: 'PromptLabelBody', description: 'Moves a label to a version' });

/** Which version is shown with which variables; or a draft that nobody has kept. */
export const PromptPreviewBody = z
  .strictObject({ version: z.number().int().min(1).optional(), label: Identifier.optional(), draft: PromptBody.optional(), variables: JsonRecord.default({}) })
  .refine(({ version, label, draft }) => [version, label, draft].filter((given) => given !== undefined).length <= 1, 'may have one of version, label and draft')
  .meta({ id: 'PromptPreviewBody', description: 'Shows what a prompt says with these variables' });

export const PromptPreview = z
  .object({ name: z.string(), version: z.number().int().nullable().describe('null: a draft.'), messages: z.array(ModelMessage), inputTokens: z.number().int().describe('About how many; no model was asked.') })
  .meta({ id: 'PromptPreview', description: 'What a prompt says with some variables' });
export type PromptPreview = z.infer<typeof PromptPreview>;

export const PromptDiff = z
  .object({
    name: z.string(),
    from: z.number().int(),
    to: z.number().int(),
    parts: z
      .array(
        z.object({
          part: z.enum(['description', 'task', 'input', 'defaults', 'system', 'user']),
          lines: z.array(z.object({ change: z.enum(['same', 'added', 'removed']), text: z.string() })),
        }),
      )
      .describe('Only what differs; input and defaults as indented JSON.'),
  })
  .meta({ id: 'PromptDiff', description: 'How two versions of a prompt differ' });
export type PromptDiff = z.infer<typeof PromptDiff>;

/** Asks the model tier to read a prompt, and with variables to render it. */
export const RenderRequest = z
  .object({ name: Identifier, body: z.unknown().optional(), markdown: z.string().max(2 * PROMPT_LIMITS.bytes).optional(), variables: JsonRecord.optional() })
  .meta({ id: 'RenderRequest', description: 'Reads a prompt, and with variables renders it' });

export const RenderAnswer = z
  .object({
    errors: z.array(FieldError),
    body: PromptBody.optional().describe('As it was understood.'),
    labels: z.array(Identifier).optional().describe('Of a file: what its front matter lists.'),
    version: z.number().int().optional().describe('Of a file: what its front matter says.'),
    messages: z.array(ModelMessage).optional(),
    inputTokens: z.number().int().optional(),
  })
  .meta({ id: 'RenderAnswer', description: 'A prompt that was read, or every mistake in it' });
export type RenderAnswer = z.infer<typeof RenderAnswer>;
