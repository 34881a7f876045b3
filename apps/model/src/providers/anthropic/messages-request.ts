import type { JsonValue, ModelImage, ModelMessage } from '@trivet/contracts';
import type { Anthropic } from '@anthropic-ai/sdk';
import type { ProviderRequest } from '../provider.js';
import type { AnswerTool } from '../answer-tool.js';

type Body = Anthropic.MessageCreateParams;
type Message = Anthropic.MessageParam;
type Block = Anthropic.TextBlockParam | Anthropic.ImageBlockParam | Anthropic.ToolUseBlockParam | Anthropic.ToolResultBlockParam;

/** Our request in the wire format of the Messages API. */
export function messagesBody({ model, messages, maxTokens, temperature, tools = [] }: ProviderRequest, { stream, answerTool }: { stream: boolean; answerTool?: AnswerTool }): Body {
  const system = messages.filter(({ role, content }) => role === 'system' && content !== '').map(({ content }) => content).join('\n\n');
  const offered = [...tools, ...(answerTool ? [{ name: answerTool.name, description: 'Gives the answer. Call it with the whole answer.', input: answerTool.input }] : [])];
  return {
    model,
    max_tokens: maxTokens,
    messages: turnsOf(messages),
    ...(system ? { system } : {}),
    // Other vendors take temperatures up to 2, this one up to 1.
    ...(temperature === undefined ? {} : { temperature: Math.min(1, temperature) }),
    ...(offered.length > 0 ? { tools: offered.map(({ name, description, input }) => ({ name, ...(description ? { description } : {}), input_schema: { ...schemaOf(input), type: 'object' as const } })) } : {}),
    // With tools of the caller it has to call one of them or answer; without them it has to answer.
    ...(answerTool ? { tool_choice: tools.length > 0 ? { type: 'any' as const } : { type: 'tool' as const, name: answerTool.name } } : {}),
    stream,
  };
}

const schemaOf = (input: Readonly<Record<string, unknown>>): Record<string, unknown> => input;

/** Messages as turns that alternate: what several tools answered, and what the user adds, is one message of the user. */
function turnsOf(messages: readonly ModelMessage[]): Message[] {
  const turns: { role: 'user' | 'assistant'; content: Block[] }[] = [];
  for (const message of messages) {
    const blocks = blocksOf(message);
    if (message.role === 'system' || blocks.length === 0) continue;
    const role = message.role === 'assistant' ? 'assistant' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.content.push(...blocks);
    else turns.push({ role, content: blocks });
  }
  return turns.map(({ role, content }) => ({ role, content: plainTextOf(content) ?? content }));
}

/** A single text needs no blocks. */
function plainTextOf(content: readonly Block[]): string | undefined {
  const [only] = content;
  return content.length === 1 && only?.type === 'text' ? only.text : undefined;
}

function blocksOf({ role, content, images = [], toolCallId, toolCalls = [] }: ModelMessage): Block[] {
  // The vendor refuses empty texts.
  const text: Block[] = content === '' ? [] : [{ type: 'text', text: content }];
  if (role === 'tool') return [{ type: 'tool_result', tool_use_id: callId(toolCallId ?? ''), content: images.length > 0 ? [...(content === '' ? [] : [{ type: 'text' as const, text: content }]), ...images.map(imageBlock)] : content }];
  return [...text, ...images.map(imageBlock), ...toolCalls.map((call): Block => ({ type: 'tool_use', id: callId(call.id), name: call.name, input: objectOf(call.arguments) }))];
}

const imageBlock = ({ mediaType, data }: ModelImage): Anthropic.ImageBlockParam => ({ type: 'image', source: { type: 'base64', media_type: mediaType, data } });

/** Ids of calls may come from another vendor, when a conversation goes on here; this one takes only these characters. */
const callId = (id: string): string => id.replace(/[^A-Za-z0-9_-]/g, '_');

/** Arguments are always an object here. */
const objectOf = (value: JsonValue): unknown => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value });
