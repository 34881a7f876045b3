import { startLoopback, json, text, type Loopback, type Reply } from './loopback.js';
import { KEY, SUBJECTS, live, request, type Subject } from './subjects.js';

const STATUSES = [
  [400, 'model_request_invalid'],
  [401, 'model_unauthorized'],
  [403, 'model_unauthorized'],
  [404, 'model_unknown'],
  [408, 'model_timeout'],
  [409, 'model_unavailable'],
  [413, 'model_request_invalid'],
  [422, 'model_request_invalid'],
  [429, 'model_rate_limited'],
  [500, 'model_unavailable'],
  [503, 'model_unavailable'],
  [529, 'model_unavailable'],
] as const;

describe.each(SUBJECTS)('a refusal of %s', (_, subject) => {
  let server: Loopback;
  beforeAll(async () => void (server = await startLoopback()));
  afterAll(() => server.close());
  beforeEach(() => void (server.requests.length = 0));

  async function ask(reply: Reply) {
    server.reply = reply;
    const outcome = await subject.create(server.url).complete(request('hello'), { signal: live() });
    if (outcome.status !== 'failed') throw new Error(`answered: ${JSON.stringify(outcome)}`);
    return outcome;
  }
  const refusing = (status: number, headers: Record<string, string> = {}): Reply => json(subject.dialect.error(status, 'the reason the vendor gives'), { status, headers });

  it.each(STATUSES)('with status %p is %s, costs nothing, and comes of one request', async (status, code) => {
    const outcome = await ask(refusing(status));
    expect(outcome).toMatchObject({ failure: { code }, spent: false, partialText: '' });
    expect(outcome.failure.message).toContain(`HTTP ${status}`);
    if (code !== 'model_unauthorized') expect(outcome.failure.message).toContain('the reason the vendor gives');
    expect(outcome).not.toHaveProperty('retryAfterMs');
    expect(server.requests).toHaveLength(1);
  });

  it('never repeats our key, in whatever words the vendor does', async () => {
    const said = `Incorrect API key provided: ${KEY}. Also Bearer ${KEY} and sk-other-key-1234.`;
    for (const status of [400, 401, 404, 500]) {
      const outcome = await ask(json(subject.dialect.error(status, said), { status }));
      expect(JSON.stringify(outcome)).not.toMatch(/secret|other-key/i);
    }
  });

  it('says how long the vendor wants us to wait, in seconds or as a date', async () => {
    expect(await ask(refusing(429, { 'retry-after': '7' }))).toMatchObject({ failure: { code: 'model_rate_limited' }, retryAfterMs: 7_000 });
    const dated = await ask(refusing(503, { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }));
    expect(dated.retryAfterMs).toBeGreaterThan(80_000);
    expect(dated.retryAfterMs).toBeLessThanOrEqual(90_000);
    expect(await ask(refusing(529, { 'retry-after': 'soon' }))).not.toHaveProperty('retryAfterMs');
  });

  it.each([['an HTML page', text('<html><body>Bad gateway</body></html>', 'text/html', 502)], ['nothing', text('', 'text/plain', 502)], ['broken JSON', text('{"error":', 'application/json', 502)]])('is known by its status where the body is %s', async (_body, reply) => {
    expect(await ask(reply)).toMatchObject({ failure: { code: 'model_unavailable', message: expect.stringContaining('HTTP 502') }, spent: false });
  });

  it('costs nothing where nobody listens', async () => {
    const gone = await startLoopback();
    await gone.close();
    expect(await subject.create(gone.url).complete(request('hello'), { signal: live() })).toMatchObject({ status: 'failed', failure: { code: 'model_unavailable', message: expect.stringContaining('ECONNREFUSED') }, spent: false });
  });

  describe('for an answer that cannot be read', () => {
    it.each([['cut JSON', text('{"id":"x","choi', 'application/json')], ['an HTML page with status 200', text('<html>\n\n<p>Please log in</p>\n\n</html>', 'text/html')], ['nothing', text('', 'application/json')]])('may have cost something: %s', async (_body, reply) => {
      expect(await ask(reply)).toMatchObject({ failure: { code: 'model_response_malformed' }, spent: true, partialText: '' });
      expect(server.requests).toHaveLength(1);
    });

    it('is one too where there is no answer in the body', async () => {
      for (const body of bodiesWithoutAnswer(subject)) expect(await ask(body)).toMatchObject({ failure: { code: 'model_response_malformed' }, spent: true });
    });
  });
});

/** In one body, or as the only event of a stream. */
function bodiesWithoutAnswer({ dialect, stream }: Subject): Reply[] {
  return dialect.empty.map((body) => (stream ? text(`data: ${JSON.stringify(body)}\n\n`, 'text/event-stream') : json(body)));
}
