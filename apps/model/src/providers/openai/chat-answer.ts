import { z } from 'zod';
import type { AnswerInProgress } from '../answer-in-progress.js';
import type { ProviderUsage } from '../provider.js';
import { TokenCount, TokenPart, reportedUsage } from '../usage.js';

/** What we read of an answer; compatible servers differ in the rest. */
const Usage = z.object({
  prompt_tokens: TokenCount,
  completion_tokens: TokenCount,
  prompt_tokens_details: z.object({ cached_tokens: TokenPart }).nullish().catch(undefined),
  completion_tokens_details: z.object({ reasoning_tokens: TokenPart }).nullish().catch(undefined),
});
function usageIfAny(value: unknown): ProviderUsage | undefined {
  const { data } = Usage.safeParse(value);
  return (
    data &&
    reportedUsage({
      inputTokens: data.prompt_tokens,
      outputTokens: data.completion_tokens,
      cachedInputTokens: data.prompt_tokens_details?.cached_tokens,
      reasoningTokens: data.completion_tokens_details?.reasoning_tokens,
    })
  );
}

const ToolCallPart = z.object({
  index: z.number().int().min(0).max(1_000).optional(),
  id: z.string().nullish(),
  function: z.object({ name: z.string().nullish(), arguments: z.string().nullish() }).optional(),
});
const Part = z.object({ content: z.string().nullish(), refusal: z.string().nullish(), tool_calls: z.array(ToolCallPart).nullish() });
const finish = z.string().nullish();

const Completion = z.object({ model: z.string().optional(), choices: z.array(z.object({ message: Part, finish_reason: finish })).min(1), usage: z.unknown().optional() });
const Chunk = z.object({ model: z.string().optional(), choices: z.array(z.object({ delta: Part.optional(), finish_reason: finish })).default([]), usage: z.unknown().optional() });

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
  if (finishReason) answer.finishReason = finishReason === 'length' || finishReason === 'content_filter' ? finishReason : 'stop';
}
