import type OpenAI from 'openai';

export interface ConnectionOptions {
  /** Absent: OpenAI itself. */
  baseUrl?: string;
  apiKey?: string;
}

const OFFICIAL_URL = 'https://api.openai.com/v1';

/** The SDK without its own retries, time limit and log: each attempt is ours, and no key reaches a log. */
export async function connectOpenAi({ baseUrl, apiKey }: ConnectionOptions): Promise<OpenAI> {
  // Loaded with the first call: a process that only serves the offline provider never pays for it.
  const { default: Client } = await import('openai');
  // Compatible servers ignore the key, but the SDK wants one.
  return new Client({ apiKey: apiKey || 'none', baseURL: baseUrl ?? OFFICIAL_URL, maxRetries: 0, timeout: 2_147_483_647, logLevel: 'off' });
}
