import type { ModelToolCall } from '@trivet/contracts';
import { z } from 'zod';
import type { ProviderAnswer, ProviderUsage } from './provider.js';

/** An answer as it grows, from one body or from the pieces of a stream. */
export interface AnswerInProgress {
  text: string;
  /** What the vendor says in place of an answer. */
  refusal: string;
  toolCalls: { id: string; name: string; arguments: string }[];
  /** Null until the vendor says that the answer has ended. */
  finishReason: ProviderAnswer['finishReason'] | null;
  usage: ProviderUsage | undefined;
  model: string | undefined;
}

export const emptyAnswer = (): AnswerInProgress => ({ text: '', refusal: '', toolCalls: [], finishReason: null, usage: undefined, model: undefined });

/** @throws SyntaxError when the answer has not ended, or when the arguments of a tool call are not JSON */
export function finishedAnswer(answer: AnswerInProgress, requestedModel: string): ProviderAnswer {
  const { finishReason } = answer;
  if (finishReason === null) throw new SyntaxError('the stream ended before the answer did');
  // Where the output was cut, so may the arguments be: such a call was never made.
  const calls = answer.toolCalls.filter((call) => call && (finishReason !== 'length' || isJson(call.arguments)));
  const toolCalls = calls.map(toolCallOf);
  return {
    status: 'answered',
    text: answer.text || answer.refusal,
    ...(toolCalls.length > 0 ? { toolCalls } : {}),
    finishReason: finishReasonOf(answer, finishReason, toolCalls),
    ...(answer.usage ? { usage: answer.usage } : {}),
    model: answer.model ?? requestedModel,
  };
}

function finishReasonOf({ refusal, text }: AnswerInProgress, said: ProviderAnswer['finishReason'], toolCalls: readonly ModelToolCall[]): ProviderAnswer['finishReason'] {
  if (said === 'length' || said === 'content_filter') return said;
  if (toolCalls.length > 0) return 'tool_calls';
  return refusal && !text ? 'content_filter' : 'stop';
}

function toolCallOf(call: AnswerInProgress['toolCalls'][number], position: number): ModelToolCall {
  return { id: call.id || `call_${position}`, name: call.name, arguments: call.arguments.trim() === '' ? {} : z.json().parse(JSON.parse(call.arguments)) };
}

function isJson(text: string): boolean {
  try {
    return text.trim() !== '' && JSON.parse(text) !== undefined;
  } catch {
    return false;
  }
}
