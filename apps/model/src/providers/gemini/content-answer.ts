import { z } from 'zod';
import type { AnswerInProgress } from '../answer-in-progress.js';
import type { ProviderAnswer, ProviderUsage } from '../provider.js';
import { TokenCount, TokenPart, reportedUsage } from '../usage.js';

/** Counts that are zero are left out; what the vendor's own tools put in is beside the prompt. */
const Usage = z.object({
  promptTokenCount: TokenCount,
  toolUsePromptTokenCount: TokenCount.optional(),
  candidatesTokenCount: TokenCount.optional(),
  thoughtsTokenCount: TokenCount.optional(),
  cachedContentTokenCount: TokenPart,
});

const PartRead = z.object({
  text: z.string().optional(),
  thought: z.boolean().optional(),
  functionCall: z.object({ id: z.string().optional(), name: z.string(), args: z.record(z.string(), z.unknown()).optional() }).optional(),
});
const Body = z.object({
  candidates: z.array(z.object({ content: z.object({ parts: z.array(PartRead).optional() }).optional(), finishReason: z.string().optional() })).optional(),
  promptFeedback: z.object({ blockReason: z.string().optional() }).optional(),
  usageMetadata: z.unknown().optional(),
  modelVersion: z.string().optional(),
});

const CUT = new Set(['MAX_TOKENS', 'CONTINUATION']);
/** The vendor held the rest back. */
const HELD_BACK = new Set(['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII', 'IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION', 'IMAGE_OTHER', 'NO_IMAGE', 'OTHER']);
/** The model tried to call a function and failed. */
const MALFORMED = new Set(['MALFORMED_FUNCTION_CALL', 'UNEXPECTED_TOOL_CALL', 'TOO_MANY_TOOL_CALLS']);

/**
 * Takes a whole answer, or a piece of one: they have the same form. The usage of each piece is that of all so far.
 *
 * @returns the text it adds
 * @throws ZodError when it has another form; SyntaxError when the model's call of a function is broken
 */
export function takeContent(answer: AnswerInProgress, value: unknown): string {
  const { candidates, promptFeedback, usageMetadata, modelVersion } = Body.parse(value);
  answer.model = modelVersion ?? answer.model;
  if (usageMetadata !== undefined) answer.usage = usageIfAny(usageMetadata);
  if (promptFeedback?.blockReason) answer.finishReason = 'content_filter';
  const [candidate] = candidates ?? [];
  let added = '';
  for (const { text, thought, functionCall } of candidate?.content?.parts ?? []) {
    if (thought) continue;
    added += text ?? '';
    if (functionCall) answer.toolCalls.push({ id: functionCall.id ?? '', name: functionCall.name, arguments: JSON.stringify(functionCall.args ?? {}) });
  }
  answer.text += added;
  if (candidate?.finishReason) answer.finishReason = finishReasonOf(candidate.finishReason);
  return added;
}

/** The first pieces count no output; where the last one counts none either although there is some, the vendor did not say. */
export function dropUnfinishedUsage(answer: AnswerInProgress): void {
  if (answer.usage?.outputTokens === 0 && (answer.text !== '' || answer.toolCalls.length > 0)) answer.usage = undefined;
}

function usageIfAny(value: unknown): ProviderUsage | undefined {
  const { data } = Usage.safeParse(value);
  if (!data) return undefined;
  const inputTokens = data.promptTokenCount + (data.toolUsePromptTokenCount ?? 0);
  const outputTokens = (data.candidatesTokenCount ?? 0) + (data.thoughtsTokenCount ?? 0);
  if (!Number.isSafeInteger(inputTokens) || !Number.isSafeInteger(outputTokens)) return undefined;
  return reportedUsage({ inputTokens, outputTokens, cachedInputTokens: data.cachedContentTokenCount, reasoningTokens: data.thoughtsTokenCount });
}

/** A reason we do not know is an end like any other. */
function finishReasonOf(reason: string): ProviderAnswer['finishReason'] {
  if (MALFORMED.has(reason)) throw new SyntaxError(`the model's answer ended with ${reason}`);
  if (CUT.has(reason)) return 'length';
  return HELD_BACK.has(reason) ? 'content_filter' : 'stop';
}
