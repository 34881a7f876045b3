import { COMMON_VARIABLES, text, url, variable } from '@trivet/service';

/** What the model service reads from its environment. */
export const VARIABLES = {
  ...COMMON_VARIABLES,
  modelConfig: variable('TRIVET_MODEL_CONFIG', text().optional(), 'A YAML or JSON file of endpoints, tiers and prices; unset: made from the vendor variables, and without those the offline provider.'),
  openaiApiKey: variable('OPENAI_API_KEY', text().optional(), 'The key of OpenAI, or of the server that OPENAI_BASE_URL names.', { secret: true }),
  openaiBaseUrl: variable('OPENAI_BASE_URL', url(['http:', 'https:']).optional(), 'An OpenAI-compatible server, with its path (http://127.0.0.1:11434/v1); without TRIVET_MODEL_CONFIG the first model it lists is used, at price zero.'),
  anthropicApiKey: variable('ANTHROPIC_API_KEY', text().optional(), 'The key of Anthropic; without TRIVET_MODEL_CONFIG a Claude model serves each tier, after OpenAI where that is set too.', { secret: true }),
  anthropicBaseUrl: variable('ANTHROPIC_BASE_URL', url(['http:', 'https:']).optional(), 'Where the Messages API of Anthropic is, for a proxy; unset: at Anthropic.'),
  geminiApiKey: variable('GEMINI_API_KEY', text().optional(), 'The key of the Gemini API; without TRIVET_MODEL_CONFIG a Gemini model serves each tier, after OpenAI and Anthropic where those are set too.', { secret: true }),
  geminiBaseUrl: variable('GEMINI_BASE_URL', url(['http:', 'https:']).optional(), 'Where the Gemini API is, for a proxy; unset: at Google.'),
} as const;
