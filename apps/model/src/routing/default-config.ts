import { TIERS, parseOrFail } from '@trivet/contracts';
import { ModelConfig } from './model-config.js';
import { DEFAULT_TIERS } from './price-table.js';

/** The variables a configuration is made from when there is no file. */
export const VENDOR_VARIABLES = ['OPENAI_API_KEY', 'OPENAI_BASE_URL', 'ANTHROPIC_API_KEY', 'ANTHROPIC_BASE_URL', 'GEMINI_API_KEY', 'GEMINI_BASE_URL'] as const;
export type VendorVariables = Partial<Record<(typeof VENDOR_VARIABLES)[number], string>>;

const OFFICIAL_OPENAI = /^https:\/\/api\.openai\.com(\/|$)/;

/**
 * Without a file: every vendor whose key or base URL is set, in the order OpenAI, Anthropic, Gemini, which is the order
 * of fallback too; and the offline provider only when none is; it is never a fallback for them.
 */
export function configFromEnvironment(variables: VendorVariables): ModelConfig {
  const { OPENAI_BASE_URL, ANTHROPIC_BASE_URL, GEMINI_BASE_URL } = variables;
  const isCompatible = Boolean(OPENAI_BASE_URL) && !OFFICIAL_OPENAI.test(OPENAI_BASE_URL ?? '');
  const vendors: Vendor[] = [
    ...(variables.OPENAI_API_KEY && !isCompatible ? (['openai'] as const) : []),
    ...(variables.ANTHROPIC_API_KEY || ANTHROPIC_BASE_URL ? (['anthropic'] as const) : []),
    ...(variables.GEMINI_API_KEY || GEMINI_BASE_URL ? (['gemini'] as const) : []),
  ];
  const baseUrls = { openai: undefined, anthropic: ANTHROPIC_BASE_URL, gemini: GEMINI_BASE_URL };
  const endpoints = [
    ...(isCompatible ? [{ name: 'openai-compatible', provider: 'openai', baseUrl: OPENAI_BASE_URL, apiKeyVariable: 'OPENAI_API_KEY', models: 'served' }] : []),
    ...vendors.map((vendor) => ({ name: vendor, provider: vendor, baseUrl: baseUrls[vendor], apiKeyVariable: `${vendor.toUpperCase()}_API_KEY`, models: [...modelsOf(vendor).map((id) => ({ id })), ...EMBEDDERS[vendor].map((id) => ({ id, embeds: true }))] })),
  ];
  if (endpoints.length === 0) return ModelConfig.parse({ endpoints: [{ name: 'local', provider: 'local' }] });
  // What a compatible server serves is not known here, so no tier can name it: its first model serves all of them.
  return parseOrFail(ModelConfig, isCompatible ? { endpoints } : { endpoints, tiers: tiersOf(vendors) }, 'the vendor variables');
}

type Vendor = keyof typeof DEFAULT_TIERS;

/** Who embeds where a call names no model; Anthropic offers none. */
const EMBEDDERS: Readonly<Record<Vendor, readonly string[]>> = { openai: ['text-embedding-3-small'], anthropic: [], gemini: ['gemini-embedding-001'] };

/** For each tier: the best of each vendor, then the next of each, so that a fallback is a model of the same class where there is one. */
function tiersOf(vendors: readonly Vendor[]): Record<string, string[]> {
  return Object.fromEntries(
    TIERS.map((tier) => {
      const lists = vendors.map((vendor): readonly string[] => DEFAULT_TIERS[vendor][tier]);
      const longest = Math.max(...lists.map(({ length }) => length));
      return [tier, Array.from({ length: longest }, (_, rank) => lists.flatMap((list) => list[rank] ?? [])).flat()];
    }),
  );
}

/** Those of the default tier first: they are the ones that serve where no tiers are given. */
const modelsOf = (vendor: Vendor): string[] => [...new Set([...DEFAULT_TIERS[vendor].medium, ...Object.values(DEFAULT_TIERS[vendor]).flat()])];
