import { ModelOutput, type JsonValue, type Step, type Workflow } from '@trivet/contracts';

export interface ChatUsage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}

export interface ChatToolCall {
  id: string;
  type: 'function';
  function: { name: string; arguments: string };
}

/** What a completed workflow says to the client. */
export interface Said {
  text: string;
  toolCalls: ChatToolCall[];
  finishReason: ModelOutput['finishReason'];
  /** The model that answered; of a template: none. */
  model: string | null;
  notice: string | null;
}

/** @param workflow a completed one */
export function saidBy({ result }: Pick<Workflow, 'result'>): Said {
  const output = ModelOutput.safeParse(result);
  if (!output.success) return { text: textIn(result), toolCalls: [], finishReason: 'stop', model: null, notice: null };
  const { text, toolCalls = [], finishReason, model, notice = null } = output.data;
  return { text, toolCalls: toolCalls.map(({ id, name, arguments: given }) => ({ id, type: 'function', function: { name, arguments: JSON.stringify(given) } })), finishReason, model, notice };
}

/** The words of a template's result: its one text, however deep it stands; else all of it as JSON. */
function textIn(value: JsonValue | null): string {
  if (typeof value === 'string') return value;
  if (value !== null && typeof value === 'object' && !Array.isArray(value)) {
    for (const field of ['text', 'answer', 'summary']) if (typeof value[field] === 'string') return value[field];
    const inside = Object.values(value);
    if (inside.length === 1 && inside[0] !== undefined) return textIn(inside[0]);
  }
  return JSON.stringify(value);
}

/** What the calls of a workflow were charged. */
export function usageOf(steps: readonly Pick<Step, 'calls'>[]): ChatUsage {
  const usages = steps.flatMap(({ calls }) => calls.flatMap(({ usage }) => (usage ? [usage] : [])));
  const sum = (figure: 'inputTokens' | 'outputTokens'): number => usages.reduce((total, usage) => total + usage[figure], 0);
  const [prompt, completion] = [sum('inputTokens'), sum('outputTokens')];
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

export interface Frame {
  id: string;
  created: number;
  model: string;
}

export function completionOf(frame: Frame, said: Said, usage: ChatUsage): object {
  const message = { role: 'assistant', content: said.toolCalls.length > 0 && said.text === '' ? null : said.text, refusal: null, ...(said.toolCalls.length > 0 ? { tool_calls: said.toolCalls } : {}) };
  return { ...frame, object: 'chat.completion', choices: [{ index: 0, message, logprobs: null, finish_reason: said.finishReason }], usage, ...(said.notice === null ? {} : { notice: said.notice }) };
}

export const chunkOf = (frame: Frame, delta: object, finishReason: string | null = null): object => ({ ...frame, object: 'chat.completion.chunk', choices: [{ index: 0, delta, logprobs: null, finish_reason: finishReason }] });
