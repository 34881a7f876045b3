import { FailureError, Identifier, TIERS, parseOrFail } from '@trivet/contracts';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { OPENAI_DEFAULT_TIERS } from './price-table.js';

const ModelEntry = z.strictObject({
  id: z.string().min(1).max(200).describe('The id by which calls and tiers name it.'),
  vendorModel: z.string().min(1).optional().describe("The vendor's name of it; absent: the id."),
  price: z
    .strictObject({ inputUsdPerMillion: z.number().min(0), outputUsdPerMillion: z.number().min(0) })
    .optional()
    .describe('USD for a million tokens; 0 on purpose is allowed. Absent: the list price, and without one the model is refused.'),
  maxOutputTokens: z.number().int().min(1).max(1_000_000).default(4_096).describe('Output tokens when the call does not say, and the most it may ask for.'),
});

const Endpoint = z.strictObject({
  name: Identifier,
  provider: z.enum(['openai', 'anthropic', 'gemini', 'local']),
  baseUrl: z.url({ protocol: /^https?$/ }).optional().describe('Of an OpenAI-compatible server, with its path (…/v1).'),
  apiKeyVariable: z.string().regex(/^[A-Z][A-Z0-9_]*$/).optional().describe('The environment variable that holds the key; the key itself is never in this file.'),
  models: z
    .union([z.literal('served'), z.array(ModelEntry).min(1)])
    .optional()
    .describe("'served': the models the server lists, at price zero, the first of them by default. Not needed for local."),
  timeoutMs: z.number().int().min(100).max(3_600_000).default(120_000).describe('For one attempt.'),
  stream: z.boolean().default(true).describe('Whether to ask for the answer in pieces.'),
  tokenizer: z.enum(['bytes', 'openai']).optional().describe('How input is bounded; absent: openai without a baseUrl, else bytes.'),
  outputLimitField: z.enum(['max_tokens', 'max_completion_tokens']).optional().describe('Absent: max_completion_tokens without a baseUrl, else max_tokens.'),
});
export type Endpoint = z.infer<typeof Endpoint>;

/** The file named by TRIVET_MODEL_CONFIG. */
export const ModelConfig = z
  .strictObject({
    endpoints: z.array(Endpoint).min(1),
    tiers: z.partialRecord(z.enum(TIERS), z.array(z.string()).min(1)).default({}).describe('Model ids for each tier, best first; a tier that is absent takes all models in their order.'),
    defaultTier: z.enum(TIERS).default('medium').describe('For calls that name neither model nor tier.'),
    retry: z
      .strictObject({ attempts: z.number().int().min(1).max(10).default(3), initialMs: z.number().int().min(1).default(500), maxMs: z.number().int().min(1).default(20_000) })
      .prefault({})
      .describe('Attempts at one endpoint, and the waits between them.'),
    breaker: z
      .strictObject({ failures: z.number().int().min(1).default(5), openMs: z.number().int().min(1).default(15_000) })
      .prefault({})
      .describe('When an endpoint that fails is left alone, and for how long.'),
  })
  .superRefine((config, context) => {
    const names = config.endpoints.map(({ name }) => name);
    names.forEach((name, index) => {
      if (names.indexOf(name) !== index) context.addIssue({ code: 'custom', path: ['endpoints', index, 'name'], message: `'${name}' is the name of another endpoint too` });
    });
    config.endpoints.forEach(({ provider, models }, index) => {
      if (provider === 'openai' && models === undefined) context.addIssue({ code: 'custom', path: ['endpoints', index, 'models'], message: "must list models, or be 'served'" });
    });
    const open = config.endpoints.some(({ models }) => models === 'served');
    const known = config.endpoints.flatMap((endpoint) => modelIdsOf(endpoint));
    for (const [tier, ids] of Object.entries(config.tiers)) {
      ids.forEach((id, index) => {
        if (!open && !known.includes(id)) context.addIssue({ code: 'custom', path: ['tiers', tier, index], message: `'${id}' is not served by any endpoint; there are: ${known.join(', ')}` });
      });
    }
  });
export type ModelConfig = z.infer<typeof ModelConfig>;

const modelIdsOf = ({ provider, models }: Endpoint): string[] => (provider === 'local' ? ['local/extractive'] : Array.isArray(models) ? models.map(({ id }) => id) : []);

/** @throws FailureError listing every mistake of the file */
export const parseModelConfig = (text: string, source: string): ModelConfig => parseOrFail(ModelConfig, readYaml(text, source), `the model configuration ${source}`);

function readYaml(text: string, source: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw new FailureError('invalid_request', `TRIVET_MODEL_CONFIG names ${source}, which is no YAML: ${error instanceof Error ? error.message : 'unreadable'}`);
  }
}

/** The variables a configuration is made from when there is no file. */
export interface VendorVariables {
  OPENAI_API_KEY?: string;
  OPENAI_BASE_URL?: string;
}

const OFFICIAL = /^https:\/\/api\.openai\.com(\/|$)/;

/**
 * Without a file: OpenAI when its key is set, an OpenAI-compatible server when OPENAI_BASE_URL names one, and the
 * offline provider only when neither is; it is never a fallback for them.
 */
export function configFromEnvironment({ OPENAI_API_KEY, OPENAI_BASE_URL }: VendorVariables): ModelConfig {
  if (OPENAI_BASE_URL && !OFFICIAL.test(OPENAI_BASE_URL)) {
    return parseOrFail(ModelConfig, { endpoints: [{ name: 'openai-compatible', provider: 'openai', baseUrl: OPENAI_BASE_URL, apiKeyVariable: 'OPENAI_API_KEY', models: 'served' }] }, 'OPENAI_BASE_URL');
  }
  if (OPENAI_API_KEY) {
    const ids = [...new Set(Object.values(OPENAI_DEFAULT_TIERS).flat())];
    return ModelConfig.parse({ endpoints: [{ name: 'openai', provider: 'openai', apiKeyVariable: 'OPENAI_API_KEY', models: ids.map((id) => ({ id })) }], tiers: OPENAI_DEFAULT_TIERS });
  }
  return ModelConfig.parse({ endpoints: [{ name: 'local', provider: 'local' }] });
}
