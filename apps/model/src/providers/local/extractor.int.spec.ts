import { fileURLToPath } from 'node:url';
import { sourceArguments } from '@trivet/testing';
import { startExtractorThread } from './extractor.js';

const LONG = Array.from({ length: 6_000 }, (_, index) => `Sentence ${index} is about topic ${index % 97} and its figure ${index * 7}.`).join(' ');
const live = () => new AbortController().signal;

describe('the extractor’s thread', () => {
  const extractor = startExtractorThread(new URL(`file://${fileURLToPath(new URL('./extract-thread.ts', import.meta.url))}`), sourceArguments());
  afterAll(() => extractor.stop());

  it('ranks a long text while this thread goes on', async () => {
    let beats = 0;
    const heart = setInterval(() => (beats += 1), 10);
    const text = await extractor.run({ kind: 'summary', text: LONG, sentences: 3 }, live());
    clearInterval(heart);
    expect(text.split('. ')).toHaveLength(3);
    expect(beats).toBeGreaterThan(5);
  });

  it('stops at once when nobody wants the answer, and serves the next', async () => {
    const stop = new AbortController();
    const first = extractor.run({ kind: 'summary', text: LONG, sentences: 3 }, stop.signal);
    const second = extractor.run({ kind: 'summary', text: 'One short sentence.', sentences: 3 }, live());
    setImmediate(() => stop.abort(new Error('not wanted')));
    await expect(first).rejects.toThrow('not wanted');
    expect(await second).toBe('One short sentence.');
    await expect(extractor.run({ kind: 'summary', text: 'x', sentences: 1 }, AbortSignal.abort(new Error('too late')))).rejects.toThrow('too late');
  });
});
