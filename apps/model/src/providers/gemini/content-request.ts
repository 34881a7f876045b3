import type { JsonValue, ModelMessage } from '@trivet/contracts';
import type { Content, GenerateContentConfig, Part } from '@google/genai';
import type { ProviderRequest } from '../provider.js';

export interface ContentRequest {
  model: string;
  contents: Content[];
  config: GenerateContentConfig;
}

/** Models that refuse a function call in the history without the thought it came from, which we do not keep. */
const WANTS_SIGNATURE = /^(models\/)?gemini-([3-9]|\d\d)/;
/** What the vendor's documentation gives for calls whose thought is not known. */
const NO_SIGNATURE = 'skip_thought_signature_validator';

/** Our request in the words of the vendor's SDK. */
export function contentRequest({ model, messages, maxTokens, temperature, schema, tools = [] }: ProviderRequest): ContentRequest {
  const system = messages.filter(({ role, content }) => role === 'system' && content !== '').map(({ content }) => content);
  // The vendor takes either functions or a schema; with functions the schema is an instruction, and the answer is checked by us.
  if (schema && tools.length > 0) system.push(`When you answer, answer with nothing but JSON that matches this JSON Schema: ${JSON.stringify(schema)}`);
  return {
    model,
    contents: turnsOf(messages, WANTS_SIGNATURE.test(model)),
    config: {
      maxOutputTokens: maxTokens,
      ...(temperature === undefined ? {} : { temperature }),
      ...(system.length > 0 ? { systemInstruction: system.join('\n\n') } : {}),
      ...(tools.length > 0 ? { tools: [{ functionDeclarations: tools.map(({ name, description, input }) => ({ name, ...(description ? { description } : {}), parametersJsonSchema: input })) }] } : {}),
      ...(schema && tools.length === 0 ? { responseMimeType: 'application/json', responseJsonSchema: schema } : {}),
      // Each request is one attempt of ours; by default the SDK asks again when a stream breaks off.
      automaticContinuation: false,
      automaticFunctionCalling: { disable: true },
    },
  };
}

/** Messages as turns that alternate: what several functions gave, and what the user adds, is one turn of the user. */
function turnsOf(messages: readonly ModelMessage[], wantsSignature: boolean): Content[] {
  /** Names of functions by the id of their call: what they gave goes by name here. */
  const names = new Map<string, string>();
  const turns: { role: 'user' | 'model'; parts: Part[] }[] = [];
  for (const message of messages) {
    message.toolCalls?.forEach(({ id, name }) => names.set(id, name));
    const parts = partsOf(message, { names, wantsSignature });
    if (message.role === 'system' || parts.length === 0) continue;
    const role = message.role === 'assistant' ? 'model' : 'user';
    const last = turns.at(-1);
    if (last?.role === role) last.parts.push(...parts);
    else turns.push({ role, parts });
  }
  return turns;
}

function partsOf({ role, content, images = [], toolCallId = '', toolCalls = [] }: ModelMessage, { names, wantsSignature }: { names: ReadonlyMap<string, string>; wantsSignature: boolean }): Part[] {
  const shown = images.map(({ mediaType, data }): Part => ({ inlineData: { mimeType: mediaType, data } }));
  if (role === 'tool') return [{ functionResponse: { id: toolCallId, name: names.get(toolCallId) ?? toolCallId, response: objectOf(content) } }, ...shown];
  const calls = toolCalls.map(({ id, name, arguments: given }, index): Part => ({ functionCall: { id, name, args: recordOf(given) }, ...(wantsSignature && index === 0 ? { thoughtSignature: NO_SIGNATURE } : {}) }));
  return [...(content === '' ? [] : [{ text: content }]), ...shown, ...calls];
}

/** What a function gave is an object here: as it is where it is one, else in the field the vendor reads. */
function objectOf(content: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(content);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Text.
  }
  return { output: content };
}

const recordOf = (value: JsonValue): Record<string, unknown> => (typeof value === 'object' && value !== null && !Array.isArray(value) ? value : { value });
