import { USAGE } from './dialects/dialect.js';
import { events, startLoopback, type Loopback } from './loopback.js';
import { STREAMING, live, request } from './subjects.js';

const SAID = { text: 'This is half of an answer that goes on.', end: 'stop', usage: USAGE } as const;

describe.each(STREAMING)('a stream of %s', (_, subject) => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());

  /** Up to the second piece of the text, and whatever comes then. */
  const begun = (): string[] => {
    const all = subject.dialect.events(SAID);
    const texts = all.flatMap((event, index) => (event.includes('"This is') ? [index] : []));
    return all.slice(0, (texts[0] ?? 0) + 1);
  };
  async function ask(...[list, last]: Parameters<typeof events>) {
    server.reply = events(list, last);
    const pieces: string[] = [];
    const outcome = await subject.create(server.url).complete(request('hello'), { signal: live(), onDelta: (text) => pieces.push(text) });
    return { outcome, pieces };
  }

  it('that is cut keeps what had arrived, and may have cost something', async () => {
    const { outcome, pieces } = await ask(begun(), (response) => response.destroy());
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'model_unavailable' }, spent: true, partialText: expect.stringMatching(/^This is/) });
    expect(outcome).toMatchObject({ partialText: pieces.join('') });
  });

  it('that just ends is no answer', async () => {
    expect((await ask(begun())).outcome).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, spent: true, partialText: expect.stringMatching(/^This is/) });
  });

  it('that is cut in the middle of an event is no answer', async () => {
    const { outcome } = await ask([...begun(), 'data: {"choices":[{"del'], (response) => response.destroy());
    expect(outcome).toMatchObject({ status: 'failed', spent: true, partialText: expect.stringMatching(/^This is/) });
  });

  it('that holds broken JSON is no answer', async () => {
    const { outcome } = await ask([...begun(), `${subject.vendor === 'openai' || subject.vendor === 'gemini' ? '' : 'event: content_block_delta\n'}data: {"broken": \n\n`]);
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'model_response_malformed' }, spent: true, partialText: expect.stringMatching(/^This is/) });
  });

  it('in which the vendor reports an error may have cost something', async () => {
    const error = JSON.stringify(subject.dialect.error(503, 'The model is overloaded.'));
    const { outcome } = await ask([...begun(), `${subject.vendor === 'openai' || subject.vendor === 'gemini' ? '' : 'event: error\n'}data: ${error}\n\n`]);
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'model_unavailable', message: expect.stringContaining('overloaded') }, spent: true, partialText: expect.stringMatching(/^This is/) });
    const { outcome: atOnce } = await ask([`${subject.vendor === 'openai' || subject.vendor === 'gemini' ? '' : 'event: error\n'}data: ${error}\n\n`]);
    expect(atOnce).toMatchObject({ status: 'failed', failure: { code: 'model_unavailable' }, spent: true, partialText: '' });
  });

  it('is asked for once, whatever becomes of it', async () => {
    server.requests.length = 0;
    await ask([], (response) => response.destroy());
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toHaveLength(1);
  });

  it('may come in bytes that cut characters and events in two', async () => {
    const bytes = Buffer.from(subject.dialect.events({ ...SAID, text: '世界 🙂 — naïve' }).join(''));
    server.reply = (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' });
      const write = (at: number): void => {
        if (at >= bytes.length) response.end();
        else response.write(bytes.subarray(at, at + 7), () => setImmediate(write, at + 7));
      };
      write(0);
    };
    expect(await subject.create(server.url).complete(request('hello'), { signal: live() })).toMatchObject({ status: 'answered', text: '世界 🙂 — naïve', finishReason: 'stop', usage: { inputTokens: 120, outputTokens: 30 } });
  });
});
