/** What a model step's output says of itself. */
export interface ModelFacts {
  provider: string | undefined;
  finish: string | undefined;
  /** The answer of an earlier call with the same request. */
  cached: boolean;
  /** What its reader must know. */
  notice: string | undefined;
  /** The prompt version that was rendered. */
  prompt: { name: string; version: number } | undefined;
}

const FINISHES: Record<string, string> = { stop: 'it had said all', length: 'cut off at its most tokens', tool_calls: 'it wants tools called', content_filter: "stopped by the vendor's filter" };

/** undefined for whatever no model wrote. */
export function modelFactsOf(output: unknown): ModelFacts | undefined {
  if (!isRecord(output) || typeof output['finishReason'] !== 'string') return undefined;
  const { finishReason, provider, cached, notice, prompt } = output;
  return { provider: textOf(provider), finish: FINISHES[finishReason] ?? finishReason, cached: cached === true, notice: textOf(notice), prompt: isPrompt(prompt) ? prompt : undefined };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const isPrompt = (value: unknown): value is { name: string; version: number } => isRecord(value) && typeof value['name'] === 'string' && typeof value['version'] === 'number';
