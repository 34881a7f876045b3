import { FailureError, Identifier, JsonRecord, TIERS, parseOrFail, type JsonObject } from '@trivet/contracts';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';

export const PROVIDERS = ['openai', 'anthropic', 'gemini', 'langchain', 'local'] as const;

const ModelEntry = z.strictObject({
  id: z.string().min(1).max(200).describe('The id by which calls and tiers name it.'),
  vendorModel: z.string().min(1).optional().describe("The vendor's name of it; absent: the id."),
  price: z
    .strictObject({
      inputUsdPerMillion: z.number().min(0),
      outputUsdPerMillion: z.number().min(0),
      cachedInputUsdPerMillion: z.number().min(0).optional().describe('Of input the vendor reads from its cache; absent: as other input.'),
      cacheWriteUsdPerMillion: z.number().min(0).optional().describe('Of input the vendor writes to its cache; absent: as other input.'),
    })
    .optional()
    .describe('USD for a million tokens; 0 on purpose is allowed. Absent: the list price, and without one the model is refused.'),
  embeds: z.boolean().default(false).describe('It makes embeddings rather than texts: calls that embed and name no model go to the first such models.'),
  imageTokens: z.number().int().min(1).max(1_000_000).optional().describe('The most input tokens one image counts; what is held for each before the model says what it took. Absent: 5,000, and 50,000 for gpt-4o-mini.'),
  maxOutputTokens: z.number().int().min(1).max(1_000_000).default(4_096).describe('Output tokens when the call does not say, and the most it may ask for.'),
  dimensions: z.number().int().min(1).max(8_192).optional().describe('Of its embeddings when the call does not say; absent: what the vendor gives.'),
});

const Endpoint = z.strictObject({
  name: Identifier,
  provider: z.enum(PROVIDERS),
  baseUrl: z.url({ protocol: /^https?$/ }).optional().describe("Of an OpenAI-compatible server, with its path (…/v1); of a proxy, for the other vendors. Absent: the vendor's own."),
  apiKeyVariable: z.string().regex(/^[A-Z][A-Z0-9_]*$/).optional().describe('The environment variable that holds the key; the key itself is never in this file.'),
  langchainProvider: z.string().regex(/^[a-z0-9_-]+$/).optional().describe('Of langchain: the vendor as initChatModel names it (mistralai, groq, bedrock, …); its npm package has to be installed.'),
  options: JsonRecord.optional().describe("Of langchain: options of the vendor's class (region, baseUrl, …), as they are. Keys are never among them."),
  models: z
    .union([z.literal('served'), z.array(ModelEntry).min(1)])
    .optional()
    .describe("'served': the models the server lists, at price zero, the first of them by default; of openai only. Not needed for local."),
  timeoutMs: z.number().int().min(100).max(3_600_000).default(120_000).describe('For one attempt. One that sends nothing at all for 300 s is given up in any case.'),
  stream: z.boolean().default(true).describe('Whether to ask for the answer in pieces.'),
  tokenizer: z.enum(['bytes', 'openai']).optional().describe('How input is bounded; absent: openai for openai without a baseUrl, else bytes.'),
  capabilities: z
    .strictObject({ tools: z.boolean().optional(), schema: z.boolean().optional(), generate: z.boolean().optional(), images: z.boolean().optional(), embed: z.boolean().optional() })
    .default({})
    .describe('What its models can do, where that is less than what its protocol can; absent: all of it.'),
  limits: z
    .strictObject({
      requestsPerMinute: z.number().int().min(1).max(10_000_000).optional(),
      tokensPerMinute: z.number().int().min(1).max(10_000_000_000).optional(),
      concurrency: z.number().int().min(1).max(10_000).optional().describe('Attempts at once, for each process.'),
    })
    .default({})
    .describe('What the vendor lets us ask; the rates are shared by all processes. A call waits for its turn, up to retry.maxMs, and goes on to the next endpoint otherwise.'),
  hedgeAfterMs: z.number().int().min(10).max(600_000).optional().describe('Ask the next in the chain too when this endpoint has given nothing for so long; the one that is slower is stopped and charged. Absent: never.'),
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
    config.endpoints.forEach((endpoint, index) => {
      for (const { path, message } of mistakesOf(endpoint)) context.addIssue({ code: 'custom', path: ['endpoints', index, ...path], message });
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

/** What one provider needs and another may not have. */
function mistakesOf({ provider, models, langchainProvider, options = {} }: Endpoint): { path: string[]; message: string }[] {
  const mistakes: { path: string[]; message: string }[] = [];
  if (provider === 'openai' && models === undefined) mistakes.push({ path: ['models'], message: "must list models, or be 'served'" });
  if (['anthropic', 'gemini', 'langchain'].includes(provider) && !Array.isArray(models)) mistakes.push({ path: ['models'], message: 'must list models' });
  if (provider === 'langchain' && langchainProvider === undefined) mistakes.push({ path: ['langchainProvider'], message: 'must name the vendor, such as mistralai' });
  const other = UNSUPPORTED[langchainProvider ?? ''];
  if (other !== undefined) mistakes.push({ path: ['langchainProvider'], message: other });
  if (provider !== 'langchain' && langchainProvider !== undefined) mistakes.push({ path: ['langchainProvider'], message: 'is for the provider langchain only' });
  return [...mistakes, ...secretsIn(options).map((path) => ({ path: ['options', ...path], message: 'looks like a secret; name the variable that holds it in apiKeyVariable' }))];
}

/** Vendors of LangChain that are none for us. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  'google-genai': "ends the process when a stream breaks off, and cannot be stopped; use 'provider: gemini'",
  langsmith: 'would send prompts to LangSmith',
};

const SECRET = /(api_?key|secret|password|credential|authorization|(access|auth|session|bearer)_?token)/i;

/** Where a secret seems to stand in options; this file is often kept beside the code. */
function secretsIn(options: JsonObject): string[][] {
  return Object.entries(options).flatMap(([name, value]) => {
    if (SECRET.test(name)) return [[name]];
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? secretsIn(value).map((path) => [name, ...path]) : [];
  });
}

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
