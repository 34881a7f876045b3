/** The prompt version a model step's output names; undefined for any other output. */
export function promptOf(output: unknown): { name: string; version: number } | undefined {
  if (typeof output !== 'object' || output === null || !('prompt' in output)) return undefined;
  const { prompt } = output;
  return isPrompt(prompt) ? prompt : undefined;
}

const isPrompt = (value: unknown): value is { name: string; version: number } => typeof value === 'object' && value !== null && 'name' in value && typeof value.name === 'string' && 'version' in value && typeof value.version === 'number';
