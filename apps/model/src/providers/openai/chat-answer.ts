import type { ModelToolCall } from '@trivet/contracts';
import { z } from 'zod';
import type { ProviderAnswer, ProviderUsage } from '../provider.js';

/** What we read of an answer; compatible servers differ in the rest. */
const Usage = z.object({ prompt_tokens: z.number().int().min(0), completion_tokens: z.number().int().min(0) });
function usageIfAny(value: unknown): ProviderUsage | undefined {
  const { data } = Usage.safeParse(value);
  return data && { inputTokens: data.prompt_tokens, outputTokens: data.completion_tokens, source: 'reported' };
}

const ToolCallPart = z.object({
  index: z.number().int().optional(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
});
const Part = z.object({ content: z.string().nullish(), refusal: z.string().nullish(), tool_calls: z.array(ToolCallPart).nullish() });
const finish = z.string().nullish();

const Completion = z.object({ model: z.string().optional(), choices: z.array(z.object({ message: Part, finish_reason: finish })).min(1), usage: z.unknown().optional() });
const Chunk = z.object({ model: z.string().optional(), choices: z.array(z.object({ delta: Part.optional(), finish_reason: finish })).default([]), usage: z.unknown().optional() });

/** An answer as it grows, from one body or from the pieces of a stream. */
export interface AnswerInProgress {
  text: string;
  refusal: string;
  toolCalls: { id: string; name: string; arguments: string }[];
  finishReason: string | null;
  usage: ProviderUsage | undefined;
  model: string | undefined;
}

export const emptyAnswer = (): AnswerInProgress => ({ text: '', refusal: '', toolCalls: [], finishReason: null, usage: undefined, model: undefined });

/** @throws ZodError when the body is not a chat completion */
export function takeCompletion(answer: AnswerInProgress, body: unknown): void {
  const { model, choices, usage } = Completion.parse(body);
  answer.model = model;
  answer.usage = usageIfAny(usage);
  const [choice] = choices;
  if (choice) takePart(answer, choice.message, choice.finish_reason ?? 'stop');
}

/** @returns the text this piece adds */
export function takeChunk(answer: AnswerInProgress, body: unknown): string {
  const { model, choices, usage } = Chunk.parse(body);
  answer.model ??= model;
  answer.usage = usageIfAny(usage) ?? answer.usage;
  const [choice] = choices;
  if (choice) takePart(answer, choice.delta ?? {}, choice.finish_reason);
  return choice?.delta?.content ?? '';
}

function takePart(answer: AnswerInProgress, part: z.infer<typeof Part>, finishReason: string | null | undefined): void {
  answer.text += part.content ?? '';
  answer.refusal += part.refusal ?? '';
  part.tool_calls?.forEach((call, position) => {
    const index = call.index ?? position;
    const known = answer.toolCalls[index] ?? { id: '', name: '', arguments: '' };
    answer.toolCalls[index] = { id: call.id || known.id, name: call.function?.name || known.name, arguments: known.arguments + (call.function?.arguments ?? '') };
  });
  answer.finishReason = finishReason ?? answer.finishReason;
}

/** @throws SyntaxError when the arguments of a tool call are not JSON */
export function finishedAnswer(answer: AnswerInProgress, requestedModel: string): ProviderAnswer {
  const toolCalls = answer.toolCalls.filter(Boolean).map(toolCallOf);
  return {
    status: 'answered',
    text: answer.text || answer.refusal,
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    finishReason: finishReasonOf(answer, toolCalls),
    ...(answer.usage ? { usage: answer.usage } : {}),
    model: answer.model ?? requestedModel,
  };
}

function toolCallOf(call: AnswerInProgress['toolCalls'][number], position: number): ModelToolCall {
  return { id: call.id || `call_${position}`, name: call.name, arguments: call.arguments.trim() === '' ? {} : z.json().parse(JSON.parse(call.arguments)) };
}

function finishReasonOf({ finishReason, refusal, text }: AnswerInProgress, toolCalls: readonly ModelToolCall[]): ProviderAnswer['finishReason'] {
  if (finishReason === 'length' || finishReason === 'content_filter') return finishReason;
  if (toolCalls.length > 0) return 'tool_calls';
  return refusal && !text ? 'content_filter' : 'stop';
}
