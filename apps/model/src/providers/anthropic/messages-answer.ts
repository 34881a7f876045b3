import { z } from 'zod';
import type { AnswerInProgress } from '../answer-in-progress.js';
import type { ProviderAnswer, ProviderUsage } from '../provider.js';
import { TokenCount, TokenPart, reportedUsage } from '../usage.js';
import type { AnswerTool } from '../answer-tool.js';
import { Block, BlockDelta, createContentReader } from '../content.js';

const Usage = z.object({
  input_tokens: TokenCount,
  output_tokens: TokenCount,
  cache_read_input_tokens: TokenPart,
  cache_creation_input_tokens: TokenPart,
  output_tokens_details: z.object({ thinking_tokens: TokenPart }).nullish().catch(undefined),
});

const Body = z.object({ type: z.literal('message').optional(), model: z.string().optional(), content: z.array(Block), stop_reason: z.string().nullish(), usage: z.unknown().optional() });
const Event = z.discriminatedUnion('type', [
  z.object({ type: z.literal('message_start'), message: z.object({ model: z.string().optional(), usage: z.unknown().optional() }) }),
  z.object({ type: z.literal('content_block_start'), index: z.number(), content_block: Block }),
  z.object({ type: z.literal('content_block_delta'), index: z.number(), delta: BlockDelta }),
  z.object({ type: z.literal('message_delta'), delta: z.object({ stop_reason: z.string().nullish() }), usage: z.unknown().optional() }),
  z.object({ type: z.enum(['content_block_stop', 'message_stop', 'message']) }),
]);

/** Puts what the vendor sends into an answer; each method says which text it adds. */
export interface MessageReader {
  /** @throws ZodError when the body is not a message */
  takeBody(body: unknown): string;
  /** @throws ZodError when the event is none of a message */
  takeEvent(event: unknown): string;
  /** At the end of a stream. */
  end(): string;
}

export function createMessageReader(answer: AnswerInProgress, answerTool?: AnswerTool): MessageReader {
  const content = createContentReader(answer, answerTool);
  const usage = createUsageReader(answer);
  return {
    takeBody(value) {
      const body = Body.parse(value);
      answer.model = body.model;
      usage.start(body.usage);
      usage.end(body.usage);
      const text = body.content.map((block, index) => content.open(index, block)).join('');
      answer.finishReason = finishReasonOf(body.stop_reason ?? 'end_turn');
      return text + content.end();
    },
    takeEvent(value) {
      const event = Event.parse(value);
      switch (event.type) {
        case 'message_start':
          answer.model = event.message.model;
          usage.start(event.message.usage);
          return '';
        case 'content_block_start':
          return content.open(event.index, event.content_block);
        case 'content_block_delta':
          return content.add(event.index, event.delta);
        case 'message_delta':
          usage.end(event.usage);
          if (event.delta.stop_reason) answer.finishReason = finishReasonOf(event.delta.stop_reason);
          return '';
        default:
          return '';
      }
    },
    end: content.end,
  };
}

/**
 * A stream tells its usage twice: at the start the input, with a beginning of the output, and at the end the whole
 * output, sometimes with the input again. These are totals and not parts, so later ones replace earlier ones. Until the
 * end is known there is only a lower bound of the output, good for an attempt that broke off and for no answer.
 */
function createUsageReader(answer: AnswerInProgress): { start(usage: unknown): void; end(usage: unknown): void } {
  let known: Record<string, unknown> = {};
  return {
    start(usage) {
      known = recordOf(usage);
      answer.usage = usageIfAny(known);
    },
    end(usage) {
      const last = recordOf(usage);
      answer.usage = 'output_tokens' in last ? usageIfAny({ ...known, ...last }) : undefined;
    },
  };
}

/** Without what the vendor leaves open. */
const recordOf = (usage: unknown): Record<string, unknown> => Object.fromEntries(Object.entries(usage ?? {}).filter(([, value]) => value !== null));

/** The vendor's input excludes what is cached; ours is the whole. */
function usageIfAny(value: unknown): ProviderUsage | undefined {
  const { data } = Usage.safeParse(value);
  if (!data) return undefined;
  const cached = data.cache_read_input_tokens ?? 0;
  const written = data.cache_creation_input_tokens ?? 0;
  const inputTokens = data.input_tokens + cached + written;
  if (!Number.isSafeInteger(inputTokens)) return undefined;
  return reportedUsage({ inputTokens, outputTokens: data.output_tokens, cachedInputTokens: cached, cacheWriteTokens: written, reasoningTokens: data.output_tokens_details?.thinking_tokens });
}

function finishReasonOf(stopReason: string): ProviderAnswer['finishReason'] {
  if (stopReason === 'max_tokens' || stopReason === 'model_context_window_exceeded') return 'length';
  if (stopReason === 'refusal' || stopReason === 'content_filter') return 'content_filter';
  return 'stop';
}
