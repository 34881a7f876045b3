import { at, listAt } from './dialects/dialect.js';
import { json, startLoopback, text, type Loopback, type Received, type Reply } from './loopback.js';
import { WHOLE, live } from './subjects.js';
import type { EmbeddingRequest } from '../provider.js';

const EMBEDDING = WHOLE.filter(([, { create }]) => create('http://127.0.0.1:9').capabilities.embed);
/** Of a text of the tests, a vector that only it has. */
const vectorOf = (input: unknown): number[] => [Number(String(input).replace(/\D/g, '')), 0.5, -1];
const textsOf = ({ body }: Received): unknown[] => [...listAt(body, 'input'), ...listAt(body, 'requests').map((one) => at(one, 'content', 'parts', 0, 'text'))];
const float32 = (vector: readonly number[]): string => Buffer.from(Float32Array.from(vector).buffer).toString('base64');
const inputs = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);

/** What the vendor makes of vectors. */
const REPLIES = {
  openai: (vectors: readonly number[][]) => ({ object: 'list', model: 'as-served', data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })), usage: { prompt_tokens: 8, total_tokens: 8 } }),
  gemini: (vectors: readonly number[][]) => ({ embeddings: vectors.map((values) => ({ values })) }),
};
const BATCHES = { openai: 256, gemini: 100 };

describe.each(EMBEDDING)('embeddings of %s', (_, subject) => {
  const vendor = subject.vendor === 'gemini' ? 'gemini' : 'openai';
  const reply = REPLIES[vendor];
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  beforeEach(() => void (server.requests.length = 0));

  const honest: Reply = (response, received) => json(reply(textsOf(received).map(vectorOf)))(response, received);
  async function embed(rest: Partial<EmbeddingRequest> = {}, answer: Reply = honest, signal = live()) {
    server.reply = answer;
    const provider = subject.create(server.url);
    return provider.embed?.({ model: 'embedder', inputs: inputs(2), ...rest }, { signal });
  }

  it('are a vector for each text, in its order', async () => {
    expect(await embed({ inputs: ['text 7', 'text 3', 'text 5'] })).toMatchObject({ status: 'answered', vectors: [[7, 0.5, -1], [3, 0.5, -1], [5, 0.5, -1]] });
    expect(server.requests).toHaveLength(1);
  });

  it('are asked for in batches, one after another', async () => {
    const outcome = await embed({ inputs: inputs(BATCHES[vendor] + 1) });
    if (outcome?.status !== 'answered') throw new Error('failed');
    expect(outcome.vectors.map(([first]) => first)).toEqual(inputs(BATCHES[vendor] + 1).map((_input, index) => index));
    expect(server.requests.map((received) => textsOf(received).length)).toEqual([BATCHES[vendor], 1]);
    if (vendor === 'openai') expect(outcome.usage).toEqual({ inputTokens: 16, outputTokens: 0, source: 'reported' });
  });

  it('have the length that was asked for, or are none', async () => {
    expect(await embed({ dimensions: 3 })).toMatchObject({ status: 'answered' });
    const [received] = server.requests;
    expect(vendor === 'openai' ? received?.body['dimensions'] : at(received?.body, 'requests', 0, 'outputDimensionality')).toBe(3);
    expect(await embed({ dimensions: 4 })).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, spent: true });
  });

  it.each([
    ['one too few', [[1, 2, 3]]],
    ['one too many', [[1, 2, 3], [1, 2, 3], [1, 2, 3]]],
    ['of different lengths', [[1, 2, 3], [1, 2]]],
    ['without numbers', [[], []]],
  ])('that are %s are an answer that cannot be read', async (_name, vectors) => {
    expect(await embed({}, json(reply(vectors)))).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, spent: true });
  });

  it('that cannot be read at all may have cost something', async () => {
    for (const body of ['<html>', '{}', '[1]']) expect(await embed({}, text(body, 'application/json'))).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, spent: true });
  });

  it('refused at first cost nothing, and after an answered batch they do', async () => {
    const refused = json(subject.dialect.error(429, 'slow down'), { status: 429, headers: { 'retry-after': '3' } });
    expect(await embed({}, refused)).toMatchObject({ status: 'failed', failure: { code: 'model_rate_limited' }, spent: false, retryAfterMs: 3_000 });
    let asked = 0;
    const later = await embed({ inputs: inputs(BATCHES[vendor] + 1) }, (response, received) => ((asked += 1) === 1 ? honest : refused)(response, received));
    expect(later).toMatchObject({ status: 'failed', failure: { code: 'model_rate_limited' }, spent: true, ...(vendor === 'openai' ? { usage: { inputTokens: 8 } } : {}) });
  });

  it('end at once when nobody wants them', async () => {
    const stop = new AbortController();
    const arrived = server.arrival();
    const embedding = embed({}, () => undefined, stop.signal);
    await arrived;
    stop.abort();
    expect(await embedding).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: true });
    expect(await embed({}, honest, AbortSignal.abort())).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: false });
  });

  it('are bounded by bytes, which no tokenizer exceeds', async () => {
    const bound = await subject.create(server.url).boundEmbeddingTokens?.({ model: 'embedder', inputs: ['hello', '世界'] });
    expect(bound).toBeGreaterThanOrEqual(11);
    expect(bound).toBeLessThan(40);
  });
});

describe('embeddings of openai', () => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  const openai = WHOLE.find(([, { vendor }]) => vendor === 'openai')?.[1];
  const embed = async (data: object[]) => {
    server.reply = json({ data });
    return openai?.create(server.url).embed?.({ model: 'embedder', inputs: inputs(2) }, { signal: live() });
  };

  it('are asked for as numbers', async () => {
    await embed([]);
    expect(server.requests[0]?.body).toMatchObject({ model: 'embedder', input: inputs(2), encoding_format: 'float' });
  });

  it('are put in the order of their index', async () => {
    expect(await embed([{ index: 1, embedding: [2] }, { index: 0, embedding: [1] }])).toMatchObject({ vectors: [[1], [2]] });
    for (const data of [[{ index: 0, embedding: [1] }, { index: 0, embedding: [2] }], [{ index: 0, embedding: [1] }, { index: 2, embedding: [2] }]]) expect(await embed(data)).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' } });
  });

  it('are read from base64 too, which some servers send whatever was asked for', async () => {
    expect(await embed([{ index: 0, embedding: float32([1, 0.5]) }, { index: 1, embedding: float32([-2, 0.25]) }])).toMatchObject({ status: 'answered', vectors: [[1, 0.5], [-2, 0.25]] });
  });

  it('without usage are left to the caller to estimate', async () => {
    expect(await embed([{ embedding: [1] }, { embedding: [2] }])).not.toHaveProperty('usage');
  });
});
