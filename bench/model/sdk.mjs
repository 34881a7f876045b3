import { createRequire } from 'node:module';

/** The SDK our adapter uses, and nothing around it. */
const { OpenAI } = createRequire(new URL('../../apps/model/package.json', import.meta.url))('openai');

export function openSdk(baseURL, defaultHeaders = {}) {
  const client = new OpenAI({ apiKey: 'none', baseURL, defaultHeaders, maxRetries: 0, logLevel: 'off' });
  return async () => {
    const { choices } = await client.chat.completions.create({ model: 'gpt-4.1-nano', messages: [{ role: 'user', content: 'Say something short.' }], max_tokens: 100 });
    if (!choices[0].message.content) throw new Error('the vendor gave no answer');
  };
}
