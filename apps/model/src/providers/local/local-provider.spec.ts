import type { ProviderRequest } from '../provider.js';
import { embedLexically } from './embed.js';
import { extractSentences } from './extract.js';
import { inlineExtractor } from './extractor.js';
import { sentencesOf } from './language.js';
import { createLocalProvider, LEXICAL_NOTICE, LOCAL_NOTICE } from './local-provider.js';

const ENGLISH = `
Solar panels turn light into electricity. The first solar cell was made in 1883 and converted one percent of the light. The first solar cell, made in 1883, converted one percent of the light.
Modern solar panels convert more than twenty percent of the light into electricity. My aunt likes tea.
The price of solar panels fell by ninety percent in ten years. Solar electricity is now cheaper than coal in most countries, and panels last for thirty years.
`;
const CHINESE = `
太阳能电池板把光转化为电力。第一块太阳能电池于1883年制成,只能把百分之一的光转化为电力。现代太阳能电池板可以把百分之二十以上的光转化为电力。
我的姑姑喜欢喝茶。太阳能电池板的价格在十年里下降了百分之九十。如今在大多数国家,太阳能电力比煤电更便宜。
`;
const provider = createLocalProvider(inlineExtractor);
const request = (rest: Partial<ProviderRequest>): ProviderRequest => ({ model: 'local/extractive', messages: [], maxTokens: 500, ...rest });
const complete = (rest: Partial<ProviderRequest>) => provider.complete(request(rest), { signal: new AbortController().signal });
const user = (content: string) => ({ messages: [{ role: 'user' as const, content }] });

describe('extracting sentences', () => {
  it('keeps telling ones in their order and leaves the stray one out', () => {
    const chosen = extractSentences(ENGLISH, { sentences: 4 });
    expect(chosen).toHaveLength(4);
    expect(chosen.join(' ')).not.toContain('aunt');
    expect(chosen.map((sentence) => ENGLISH.replace(/\s+/g, ' ').indexOf(sentence))).toEqual(chosen.map((sentence) => ENGLISH.replace(/\s+/g, ' ').indexOf(sentence)).sort((left, right) => left - right));
  });

  it('takes one of two that say the same', () => {
    const chosen = extractSentences(ENGLISH, { sentences: 7 });
    expect(chosen.filter((sentence) => sentence.includes('1883'))).toHaveLength(1);
    expect(extractSentences('The same sentence stands here. The same sentence stands here. And another one stands there.', { sentences: 3 })).toHaveLength(2);
  });

  it('does the same in Chinese', () => {
    const chosen = extractSentences(CHINESE, { sentences: 3 });
    expect(chosen).toHaveLength(3);
    expect(chosen.join('')).toContain('太阳能');
    expect(chosen.join('')).not.toContain('姑姑');
  });

  it('prefers what is near the focus', () => {
    expect(extractSentences(ENGLISH, { sentences: 1, focus: 'price cheaper coal' })[0]).toMatch(/price|cheaper/);
  });

  it('ends on a long text, in chunks', () => {
    const long = Array.from({ length: 5_000 }, (_, index) => `Sentence ${index} is about topic ${index % 97} and its figure ${index * 7}.`).join(' ');
    const started = performance.now();
    expect(extractSentences(long, { sentences: 5 })).toHaveLength(5);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  it.each(['', '   ', '\n\n', '!!!', 'x'])('makes nothing of %p', (text) => {
    expect(extractSentences(text, { sentences: 3 })).toEqual([]);
  });

  it('splits headings and lists from the prose', () => {
    expect(sentencesOf('# The heading here\n\nA sentence of prose. Another one follows.\n- a first point\n- a second point')).toHaveLength(5);
  });
});

describe('the offline provider', () => {
  it('summarises by its task, says what it is, and counts the same before and after', async () => {
    const messages = [{ role: 'user' as const, content: `Summarise: ${ENGLISH}` }];
    const answer = await complete({ messages, task: { name: 'summarise', variables: { text: ENGLISH } } });
    expect(answer).toMatchObject({ status: 'answered', notice: LOCAL_NOTICE, model: 'local/extractive', usage: { inputTokens: await provider.boundInputTokens(request({ messages })) } });
  });

  it('joins Chinese sentences without spaces', async () => {
    const answer = await complete({ task: { name: 'summarise', variables: { text: CHINESE } } });
    expect(answer.status === 'answered' && answer.text).not.toContain(' ');
  });

  it('composes a report from objects and texts, with each source once', async () => {
    const source = { title: 'Acme', url: 'https://acme.example/' };
    const answer = await complete({ task: { name: 'report', variables: { goal: 'About Acme', marketSize: 'Large. Very large indeed.', overview: { summary: 'Acme makes trivets.', sources: [source] }, funding: { results: [{ ...source, snippet: 'Acme has money.' }] }, nothing: null } } });
    expect(answer).toMatchObject({ text: '# About Acme\n\n## Market size\n\nVery large indeed.\n\n## Overview\n\nAcme makes trivets.\n\n## Funding\n\nAcme has money.\n\n## Sources\n\n- Acme: https://acme.example/' });
  });

  it('never gives more tokens than were reserved', async () => {
    const answer = await complete({ maxTokens: 7, task: { name: 'summarise', variables: { text: CHINESE + ENGLISH } } });
    expect(answer).toMatchObject({ finishReason: 'length' });
    expect(answer.usage?.outputTokens).toBeLessThanOrEqual(7);
  });

  it('takes plain messages with material, or with a wish for a summary', async () => {
    expect(await complete(user(ENGLISH))).toMatchObject({ status: 'answered' });
    expect(await complete(user('请总结这段文字。'))).toMatchObject({ status: 'answered' });
    expect(await complete(user('Give me an overview of trivets.'))).toMatchObject({ status: 'answered' });
  });

  it.each([
    ['a question', user('What is two and two?')],
    ['tools', { ...user(ENGLISH), tools: [{ name: 'f', input: {} }] }],
    ['a schema', { ...user(ENGLISH), schema: { type: 'object' } }],
    ['writing', { ...user(ENGLISH), task: { name: 'generate' as const, variables: {} } }],
  ])('refuses %s and names what to set', async (_, rest) => {
    const answer = await complete(rest);
    expect(answer).toMatchObject({ status: 'failed', spent: false, failure: { code: 'capability_unavailable' } });
    expect(answer.status === 'failed' && answer.failure.message).toMatch(/OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY.*OPENAI_BASE_URL/);
  });
});

describe('lexical embeddings', () => {
  const cosine = (left: Float32Array, right: Float32Array) => left.reduce((sum, value, index) => sum + value * (right[index] ?? 0), 0);

  it('are of length 1, and near where words are shared', () => {
    const [first, second, other] = ['solar panels on the roof', 'a roof with solar panels', 'the history of tea'].map((text) => embedLexically(text));
    if (!first || !second || !other) throw new Error('no vectors');
    expect(cosine(first, first)).toBeCloseTo(1, 5);
    expect(cosine(first, second)).toBeGreaterThan(0.8);
    expect(cosine(first, other)).toBeLessThan(0.3);
    expect(cosine(embedLexically('太阳能电池板'), embedLexically('太阳能板'))).toBeGreaterThan(0.5);
  });

  describe('by the provider', () => {
    const embed = (inputs: string[], rest: { dimensions?: number; signal?: AbortSignal } = {}) =>
      provider.embed?.({ model: 'local/extractive', inputs, dimensions: rest.dimensions }, { signal: rest.signal ?? new AbortController().signal });

    it('say what they are, with a vector for each text in its order', async () => {
      const answer = await embed(['solar panels', '太阳能', 'x'.repeat(9_000)]);
      expect(answer).toMatchObject({ status: 'answered', notice: LEXICAL_NOTICE, model: 'local/extractive', usage: { outputTokens: 0, source: 'estimated' } });
      if (answer?.status !== 'answered') throw new Error('failed');
      expect(answer.vectors.map(({ length }) => length)).toEqual([512, 512, 512]);
      expect(answer.vectors[0]).toEqual([...embedLexically('solar panels')]);
      expect(answer.usage?.inputTokens).toBe(await provider.boundEmbeddingTokens?.({ model: '', inputs: ['solar panels', '太阳能', 'x'.repeat(9_000)] }));
      const short = await embed(['a roof'], { dimensions: 64 });
      expect(short?.status === 'answered' && short.vectors.map(({ length }) => length)).toEqual([64]);
    });

    it('are the same for a long text as in one go, and let others have their turn', async () => {
      const long = 'The roof has solar panels; 太阳能电池板 cost less each year. '.repeat(4_000);
      let longestMs = 0;
      let last = performance.now();
      const heart = setInterval(() => ((longestMs = Math.max(longestMs, performance.now() - last)), (last = performance.now())), 1);
      const answer = await embed([long, long]);
      clearInterval(heart);
      if (answer?.status !== 'answered') throw new Error('failed');
      expect(answer.vectors[0]).toEqual([...embedLexically(long)]);
      // 20 ms on an idle machine; in one go it would take ten times as long there.
      expect(longestMs).toBeLessThan(1_000);
    });

    it('end when nobody wants them', async () => {
      const stop = new AbortController();
      const embedding = embed(['word '.repeat(300_000)], { signal: stop.signal });
      setTimeout(() => stop.abort(), 5);
      expect(await embedding).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: false });
    });
  });
});
