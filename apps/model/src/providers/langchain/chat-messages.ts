import type { JsonValue, ModelMessage } from '@trivet/contracts';
import type { BaseMessage } from '@langchain/core/messages';

/** Our messages as LangChain's. What the system says comes first and in one, since several vendors take no other form. */
export async function chatMessages(messages: readonly ModelMessage[]): Promise<BaseMessage[]> {
  const { AIMessage, HumanMessage, SystemMessage, ToolMessage } = await import('@langchain/core/messages');
  /** Names of tools by the id of their call: some vendors want them with what the tool gave. */
  const names = new Map<string, string>();
  const system = messages.filter(({ role, content }) => role === 'system' && content !== '').map(({ content }) => content).join('\n\n');
  const turns = messages.flatMap((message): BaseMessage[] => {
    const { role, content, toolCallId = '', toolCalls = [] } = message;
    toolCalls.forEach(({ id, name }) => names.set(id, name));
    switch (role) {
      case 'system':
        return [];
      case 'user':
        return [new HumanMessage({ content: userContent(message) })];
      case 'tool':
        return [new ToolMessage({ content, tool_call_id: toolCallId, name: names.get(toolCallId) })];
      case 'assistant':
        return [new AIMessage({ content, tool_calls: toolCalls.map(({ id, name, arguments: given }) => ({ id, name, args: recordOf(given), type: 'tool_call' as const })) })];
    }
  });
  return system === '' ? turns : [new SystemMessage({ content: system }), ...turns];
}

type Part = { type: 'text'; text: string } | { type: 'image_url'; image_url: { url: string } };

/** Images as addresses that hold the bytes: the form all of LangChain's vendors convert. */
function userContent({ content, images = [] }: ModelMessage): string | Part[] {
  if (images.length === 0) return content;
  const shown = images.map(({ mediaType, data }): Part => ({ type: 'image_url', image_url: { url: `data:${mediaType};base64,${data}` } }));
  return content === '' ? shown : [{ type: 'text', text: content }, ...shown];
}

const recordOf = (value: JsonValue): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value });
