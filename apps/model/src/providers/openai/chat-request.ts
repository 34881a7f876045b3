import type { ModelImage, ModelMessage } from '@trivet/contracts';
import type OpenAI from 'openai';
import type { ProviderRequest } from '../provider.js';

type Body = OpenAI.Chat.Completions.ChatCompletionCreateParams;
type Message = OpenAI.Chat.Completions.ChatCompletionMessageParam;

/** Our request in the wire format of Chat Completions. */
export function chatBody(request: ProviderRequest, options: { stream: boolean; outputLimitField: 'max_tokens' | 'max_completion_tokens' }): Body {
  const { model, messages, maxTokens, temperature, schema, tools } = request;
  return {
    model,
    messages: messages.map(chatMessage),
    [options.outputLimitField]: maxTokens,
    ...(temperature === undefined ? {} : { temperature }),
    ...(schema ? { response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } } } : {}),
    ...(tools && tools.length > 0 ? { tools: tools.map(({ name, description, input }) => ({ type: 'function', function: { name, description, parameters: input } })) } : {}),
    ...(options.stream ? { stream: true, stream_options: { include_usage: true } } : { stream: false }),
  };
}

function chatMessage({ role, content, images, name, toolCallId, toolCalls }: ModelMessage): Message {
  switch (role) {
    case 'system':
      return { role, content, ...(name === undefined ? {} : { name }) };
    case 'user':
      return { role, content: images && images.length > 0 ? [...(content === '' ? [] : [{ type: 'text' as const, text: content }]), ...images.map(imagePart)] : content, ...(name === undefined ? {} : { name }) };
    case 'tool':
      return { role, content, tool_call_id: toolCallId ?? '' };
    case 'assistant':
      return {
        role,
        content,
        ...(toolCalls && toolCalls.length > 0 ? { tool_calls: toolCalls.map((call) => ({ id: call.id, type: 'function' as const, function: { name: call.name, arguments: JSON.stringify(call.arguments) } })) } : {}),
      };
  }
}

/** The vendor takes the bytes as an address that holds them. */
const imagePart = ({ mediaType, data }: ModelImage): OpenAI.Chat.Completions.ChatCompletionContentPartImage => ({ type: 'image_url', image_url: { url: `data:${mediaType};base64,${data}` } });
