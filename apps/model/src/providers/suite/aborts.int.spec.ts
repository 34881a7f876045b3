import type { ServerResponse } from 'node:http';
import { USAGE } from './dialects/dialect.js';
import { startLoopback, type Loopback } from './loopback.js';
import { STREAMING, SUBJECTS, request, saying } from './subjects.js';

/** What the adapters take is a few milliseconds; this is for a busy machine. */
const PROMPT_MS = 1_000;
const LIMIT_MS = 5_000;

describe.each(SUBJECTS)('aborting %s', (_, subject) => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  beforeEach(() => void (server.requests.length = 0));

  async function abortWhen(moment: () => Promise<unknown>, onDelta?: (text: string) => void) {
    const stop = new AbortController();
    const answering = subject.create(server.url).complete(request('hello'), { signal: stop.signal, onDelta });
    await moment();
    const abortedAt = performance.now();
    stop.abort();
    const outcome = await answering;
    return { outcome, tookMs: performance.now() - abortedAt };
  }

  it('before the request sends none, and costs nothing', async () => {
    server.reply = saying(subject, { text: 'late', end: 'stop', usage: USAGE });
    const outcome = await subject.create(server.url).complete(request('hello'), { signal: AbortSignal.abort() });
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: false });
    expect(server.requests).toHaveLength(0);
  });

  it('before the first byte ends at once, and closes the connection', async () => {
    const closed = hanging(server);
    const { outcome, tookMs } = await abortWhen(() => server.arrival());
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: true, partialText: '' });
    expect(tookMs).toBeLessThan(LIMIT_MS);
    await closed;
  }, LIMIT_MS + PROMPT_MS);

  it('between the head and the body ends at once, and closes the connection', async () => {
    const closed = hanging(server, (response) => void (response.writeHead(200, { 'content-type': subject.stream ? 'text/event-stream' : 'application/json' }), response.flushHeaders()));
    const { outcome, tookMs } = await abortWhen(async () => (await server.arrival(), await new Promise((resolve) => setTimeout(resolve, 50))));
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: true });
    expect(tookMs).toBeLessThan(LIMIT_MS);
    await closed;
  }, LIMIT_MS + PROMPT_MS);

  it('after the answer changes nothing', async () => {
    server.reply = saying(subject, { text: 'in time', end: 'stop', usage: USAGE });
    const stop = new AbortController();
    const outcome = await subject.create(server.url).complete(request('hello'), { signal: stop.signal });
    stop.abort();
    expect(outcome).toMatchObject({ status: 'answered', text: 'in time' });
  });
});

describe.each(STREAMING)('aborting %s, when the stream stalls', (_, subject) => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());

  it('ends at once with what had arrived, and closes the connection', async () => {
    const all = subject.dialect.events({ text: 'This is half of an answer.', end: 'stop', usage: USAGE });
    const first = all.findIndex((event) => event.includes('"This is'));
    const closed = hanging(server, (response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(all.slice(0, first + 1).join(''));
    });
    const stop = new AbortController();
    const pieces: string[] = [];
    let abortedAt = 0;
    const outcome = await subject.create(server.url).complete(request('hello'), {
      signal: stop.signal,
      onDelta: (text) => {
        pieces.push(text);
        setImmediate(() => ((abortedAt = performance.now()), stop.abort()));
      },
    });
    expect(performance.now() - abortedAt).toBeLessThan(LIMIT_MS);
    expect(outcome).toMatchObject({ status: 'failed', failure: { code: 'cancelled' }, spent: true, partialText: pieces.join('') });
    expect(pieces.join('')).toMatch(/^This is/);
    await closed;
  }, LIMIT_MS + PROMPT_MS);
});

/** Lets the server take a request and never end its answer; resolves when the connection is gone. */
function hanging(server: Loopback, begin: (response: ServerResponse) => void = () => undefined): Promise<void> {
  return new Promise((resolve) => {
    server.reply = (response) => {
      response.on('close', () => resolve());
      begin(response);
    };
  });
}
