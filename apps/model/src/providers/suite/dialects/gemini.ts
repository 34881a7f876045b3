import { at, listAt, piecesOf, type Counted, type Dialect, type Said } from './dialect.js';

const END = { stop: 'STOP', length: 'MAX_TOKENS', tool_calls: 'STOP', content_filter: 'SAFETY' } as const;

/** Thoughts are beside the candidates here, and what is cached is part of the prompt. */
const usage = ({ input, cached, output, reasoning }: Counted): Record<string, unknown> => ({
  promptTokenCount: input,
  cachedContentTokenCount: cached,
  candidatesTokenCount: output - reasoning,
  thoughtsTokenCount: reasoning,
  totalTokenCount: input + output,
  promptTokensDetails: [{ modality: 'TEXT', tokenCount: input }],
});

const callParts = ({ toolCalls = [] }: Said): object[] => toolCalls.map(({ id, name, arguments: args }) => ({ functionCall: { id, name, args } }));
const body = (parts: object[], finishReason: string | undefined, usageMetadata: object | undefined): object => ({
  candidates: [{ content: { parts, role: 'model' }, ...(finishReason ? { finishReason } : {}), index: 0 }],
  ...(usageMetadata ? { usageMetadata } : {}),
  modelVersion: 'model-as-served',
  responseId: 'r1',
});

const event = (data: object): string => `data: ${JSON.stringify(data)}\r\n\r\n`;

/** generateContent and streamGenerateContent (ai.google.dev/api/generate-content). */
export const geminiDialect: Dialect = {
  body: (said) => body([...(said.thought === undefined ? [] : [{ text: said.thought, thought: true }]), ...(said.text === undefined ? [] : [{ text: said.text }]), ...callParts(said)], END[said.end], said.usage ? usage(said.usage) : undefined),
  events: (said) => [
    ...piecesOf(said.thought ?? '').map((text) => event(body([{ text, thought: true }], undefined, said.usage ? { promptTokenCount: said.usage.input } : undefined))),
    ...piecesOf(said.text ?? '').map((text) => event(body([{ text }], undefined, said.usage ? { promptTokenCount: said.usage.input } : undefined))),
    event(body(callParts(said), END[said.end], said.usage ? usage(said.usage) : undefined)),
  ],
  withUsage: (whole, given) => ({ ...Object(whole), usageMetadata: given }),
  usage,
  error: (status, message) => ({ error: { code: status, message, status: status === 429 ? 'RESOURCE_EXHAUSTED' : 'INVALID_ARGUMENT' } }),
  empty: [{}, { candidates: [] }, { candidates: [{}] }, { candidates: 'none' }],
  read: ({ body: asked, path, headers }) => {
    const contents = listAt(asked, 'contents');
    return {
      model: /models\/([^:]+):/.exec(path)?.[1],
      maxTokens: at(asked, 'generationConfig', 'maxOutputTokens'),
      temperature: at(asked, 'generationConfig', 'temperature'),
      system: listAt(asked, 'systemInstruction', 'parts').map((part) => at(part, 'text')).join(''),
      images: listAt(contents.at(-1), 'parts').filter((part) => at(part, 'inlineData') !== undefined),
      tools: asked['tools'],
      turns: contents,
      schema: at(asked, 'generationConfig', 'responseJsonSchema'),
      key: headers['x-goog-api-key'],
    };
  },
};
