import type { Anthropic } from '@anthropic-ai/sdk';

export interface ConnectionOptions {
  /** Absent: Anthropic itself. */
  baseUrl?: string;
  apiKey?: string;
}

const OFFICIAL_URL = 'https://api.anthropic.com';

/** The SDK without its own retries, time limit, log and other ways to find credentials: each attempt is ours, and no key reaches a log. */
export async function connectAnthropic({ baseUrl, apiKey }: ConnectionOptions): Promise<Anthropic> {
  // Loaded with the first call.
  const { default: Client } = await import('@anthropic-ai/sdk');
  // Its own path begins with /v1, which people also write at the end of a base URL.
  return new Client({ apiKey: apiKey || 'none', authToken: null, baseURL: (baseUrl ?? OFFICIAL_URL).replace(/\/(v1\/?)?$/, ''), maxRetries: 0, timeout: 2_147_483_647, logLevel: 'off' });
}
