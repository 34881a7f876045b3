import { z } from 'zod';
import type { AnswerInProgress } from '../answer-in-progress.js';
import type { AnswerTool } from '../answer-tool.js';
import { createContentReader } from '../content.js';
import type { ProviderAnswer } from '../provider.js';
import { TokenCount, TokenPart, reportedUsage } from '../usage.js';

const Usage = z.object({
  input_tokens: TokenCount,
  output_tokens: TokenCount,
  input_token_details: z.object({ cache_read: TokenPart, cache_creation: TokenPart }).optional().catch(undefined),
  output_token_details: z.object({ reasoning: TokenPart }).optional().catch(undefined),
});
type Usage = z.infer<typeof Usage>;

const Block = z.object({ type: z.string(), text: z.string().optional() });
const Metadata = z.record(z.string(), z.unknown()).default({});
/** Of an AIMessage, or of a piece of one. */
const Message = z.object({
  content: z.union([z.string(), z.array(Block)]),
  tool_calls: z.array(z.object({ id: z.string().optional(), name: z.string(), args: z.json() })).optional(),
  tool_call_chunks: z.array(z.object({ index: z.number().optional(), id: z.string().nullish(), name: z.string().nullish(), args: z.string().nullish() })).optional(),
  usage_metadata: z.unknown().optional(),
  response_metadata: Metadata,
  additional_kwargs: Metadata,
});

/** Puts what a chat model of LangChain gives into an answer; each method says which text it adds. */
export interface ChatReader {
  /** @throws ZodError when it is no message */
  take(message: unknown): string;
  end(): string;
}

/** `outputIsTotal`: each piece counts the output so far, and not only its own. */
export function createChatReader(answer: AnswerInProgress, { answerTool, outputIsTotal }: { answerTool?: AnswerTool; outputIsTotal: boolean }): ChatReader {
  const content = createContentReader(answer, answerTool);
  let usage: Usage | undefined;
  let isUnreadable = false;
  /** The place of the call that pieces without an index belong to. */
  let place = -1;

  const takeUsage = (value: unknown): void => {
    if (value === undefined || value === null) return;
    const { data } = Usage.safeParse(value);
    if (data) usage = usage ? added(usage, data, outputIsTotal) : data;
    isUnreadable ||= !data;
    answer.usage = usage && !isUnreadable ? providerUsage(usage) : undefined;
  };

  return {
    take(value) {
      const { content: said, tool_calls = [], tool_call_chunks, usage_metadata, response_metadata, additional_kwargs } = Message.parse(value);
      takeUsage(usage_metadata);
      answer.model = textIn([response_metadata, additional_kwargs], ['model_name', 'model', 'modelVersion']) ?? answer.model;
      const reason = textIn([response_metadata, additional_kwargs], REASON_FIELDS);
      if (reason) answer.finishReason = finishReasonOf(reason);
      let text = content.add(-1, { type: 'text_delta', text: textOf(said) });
      if (!tool_call_chunks) tool_calls.forEach(({ id, name, args }) => (text += content.open((place += 1), { type: 'tool_use', id, name, input: args })));
      for (const { index, id, name, args } of tool_call_chunks ?? []) {
        if (name) text += content.open((place = index ?? place + 1), { type: 'tool_use', id: id ?? undefined, name });
        if (args) text += content.add(index ?? place, { type: 'input_json_delta', partial_json: args });
      }
      return text;
    },
    end: content.end,
  };
}

/** Thoughts are blocks of other types. */
const textOf = (content: string | z.infer<typeof Block>[]): string => (typeof content === 'string' ? content : content.map(({ type, text }) => (type === 'text' ? (text ?? '') : '')).join(''));

function added(left: Usage, right: Usage, outputIsTotal: boolean): Usage {
  const part = (first: number | null | undefined, second: number | null | undefined): number => (first ?? 0) + (second ?? 0);
  return {
    input_tokens: left.input_tokens + right.input_tokens,
    output_tokens: outputIsTotal ? Math.max(left.output_tokens, right.output_tokens) : left.output_tokens + right.output_tokens,
    input_token_details: {
      cache_read: part(left.input_token_details?.cache_read, right.input_token_details?.cache_read),
      cache_creation: part(left.input_token_details?.cache_creation, right.input_token_details?.cache_creation),
    },
    output_token_details: { reasoning: part(left.output_token_details?.reasoning, right.output_token_details?.reasoning) },
  };
}

const providerUsage = ({ input_tokens, output_tokens, input_token_details: read, output_token_details: written }: Usage): AnswerInProgress['usage'] =>
  reportedUsage({ inputTokens: input_tokens, outputTokens: output_tokens, cachedInputTokens: read?.cache_read, cacheWriteTokens: read?.cache_creation, reasoningTokens: written?.reasoning });

/** Vendors of LangChain keep the words of their own interface. */
const REASON_FIELDS = ['finish_reason', 'stop_reason', 'finishReason', 'stopReason', 'done_reason'];
const CUT = /^(length|max_tokens|max_output_tokens|model_length|model_context_window_exceeded)$/i;
const HELD_BACK = /^(content_filter|content_filtered|guardrail_intervened|refusal|safety|recitation|prohibited_content|blocklist|spii)$/i;

function finishReasonOf(reason: string): ProviderAnswer['finishReason'] {
  if (CUT.test(reason)) return 'length';
  return HELD_BACK.test(reason) ? 'content_filter' : 'stop';
}

function textIn(records: readonly Record<string, unknown>[], fields: readonly string[]): string | undefined {
  const values = records.flatMap((record) => fields.map((field) => record[field]));
  return values.find((value): value is string => typeof value === 'string' && value !== '');
}
