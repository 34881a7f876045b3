import type { GoogleGenAI } from '@google/genai';

export interface ConnectionOptions {
  /** Absent: Google itself. */
  baseUrl?: string;
  apiKey?: string;
}

const OFFICIAL_URL = 'https://generativelanguage.googleapis.com';

/** The SDK for the Gemini API, whatever the environment says of Vertex; it neither retries nor has a time limit of its own. */
export async function connectGemini({ baseUrl, apiKey }: ConnectionOptions): Promise<GoogleGenAI> {
  // Loaded with the first call.
  const { GoogleGenAI: Client } = await import('@google/genai');
  // Its own path begins with /v1beta, which people also write at the end of a base URL.
  return new Client({ vertexai: false, apiKey: apiKey || 'none', httpOptions: { baseUrl: (baseUrl ?? OFFICIAL_URL).replace(/\/(v1(beta)?\/?)?$/, '') } });
}

/** What a response said beside its body; the SDK's errors have a status and no headers. */
export interface SeenResponse {
  status?: number;
  headers?: Headers;
}

/** The global fetch, looked at. The SDK's own choice wants a dispatcher that is not the global one. */
export const observingFetch = (seen: SeenResponse) => async (url: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
  const response = await fetch(url, init);
  seen.status = response.status;
  seen.headers = response.headers;
  return response;
};
