import type { TraceSpan } from '@trivet/contracts';
import { createLogger, startTelemetry, withSpan, withWorkflow, redactText, createRedactor } from './index.js';

function setUp(options: { pretty?: boolean; secrets?: string[] } = {}) {
  const lines: string[] = [];
  const logger = createLogger({ service: 'model', workerId: 'w1', level: 'debug', destination: { write: (line) => void lines.push(line) }, ...options });
  return { logger, lines };
}

describe('createLogger', () => {
  it('writes one JSON line with the workflow, tenant and trace of the code that logs', async () => {
    const telemetry = startTelemetry({ service: 'model', version: '0', workerId: 'w1' });
    const { logger, lines } = setUp();
    try {
      const traceId = await withWorkflow({ tenant: 'acme', workflowId: 'wf' }, () => withSpan('s', {}, (span) => { logger.info({ tokens: 7 }, 'asked'); return span.spanContext().traceId; }));
      expect(JSON.parse(lines[0] ?? '')).toMatchObject({ level: 'info', service: 'model', workerId: 'w1', tenant: 'acme', workflowId: 'wf', traceId, tokens: 7, msg: 'asked' });
      expect(lines[0]?.trim().split('\n')).toHaveLength(1);
    } finally {
      await telemetry.shutdown();
    }
  });

  it('keeps its first lines on the span they were written in, without secrets, and those of no span nowhere', async () => {
    const spans: TraceSpan[] = [];
    const telemetry = startTelemetry({ service: 'model', version: '0', workerId: 'w1', publishSpans: async (_tenant, _workflowId, batch) => void spans.push(...batch) });
    const { logger, lines } = setUp({ secrets: ['correct horse'] });
    try {
      await withWorkflow({ tenant: 'acme', workflowId: 'wf' }, () =>
        withSpan('s', {}, () => {
          logger.warn({ err: new Error('no answer') }, 'asked with correct horse');
          logger.trace('below the level');
          for (let index = 0; index < 50; index += 1) logger.debug({ index }, 'x'.repeat(2_000));
        }),
      );
      logger.info('after it');
      await telemetry.flush();
    } finally {
      await telemetry.shutdown();
    }
    const [span] = spans;
    expect(span?.events?.[0]).toEqual({ at: expect.any(Number), name: 'log', attributes: { level: 'warn', message: 'asked with [redacted]: no answer' } });
    expect(span?.events).toHaveLength(32);
    expect(span?.events?.[1]).toMatchObject({ attributes: { level: 'debug', message: 'x'.repeat(1_000) } });
    expect(span?.events?.every(({ at }) => at >= (span?.startedAt ?? Infinity))).toBe(true);
    expect(lines).toHaveLength(52);
  });

  it('takes secrets out wherever they stand in the line', () => {
    const { logger, lines } = setUp({ secrets: ['correct horse'] });
    logger.error({ err: new Error('401 for Bearer abcdef1234567890'), request: { headers: { authorization: 'something-odd', 'x-api-key': 'odd"quoted' }, apiKey: ['a', 'b'] } }, 'redis://user:pa55word@host said "correct horse"');
    const line = lines[0] ?? '';
    for (const secret of ['abcdef1234567890', 'something-odd', 'odd', 'pa55word', 'correct horse']) expect(line).not.toContain(secret);
    expect(JSON.parse(line).request.headers.authorization).toBe('[redacted]');
  });

  it('names the workflow, tenant and trace to people too', async () => {
    const telemetry = startTelemetry({ service: 'model', version: '0', workerId: 'w1' });
    const { logger, lines } = setUp({ pretty: true });
    try {
      const traceId = await withWorkflow({ tenant: 'acme', workflowId: 'wf' }, () => withSpan('s', {}, (span) => { logger.info({ tokens: 7 }, 'asked'); return span.spanContext().traceId; }));
      expect(lines[0]).toMatch(new RegExp(`INFO  model        asked tenant=acme workflowId=wf traceId=${traceId} tokens=7\n$`));
    } finally {
      await telemetry.shutdown();
    }
  });

  it('is readable for people when asked', () => {
    const { logger, lines } = setUp({ pretty: true });
    logger.warn({ attempt: 2, err: new Error('no route') }, 'tries again');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} WARN  model        tries again attempt=2\n {2}Error: no route\n/);
  });
});

describe('redactText', () => {
  it.each([
    ['sk-proj-abcdefghijklmnop', '[redacted]'],
    ['key AIzaSyA1234567890abcdefghijk!', 'key [redacted]!'],
    ['nats://trivet:s3cret@127.0.0.1:4222', 'nats://trivet:[redacted]@127.0.0.1:4222'],
    ['GET /search?q=x&api_key=12345&n=1', 'GET /search?q=x&api_key=[redacted]&n=1'],
    ['{"client_secret":"a\\"b","n":1}', '{"client_secret":"[redacted]","n":1}'],
  ])('takes the secret out of %s', (text, expected) => expect(redactText(text)).toBe(expected));

  it.each(['{"maxTokens":100,"usedTokens":5}', 'step ask-the-model-again used 12 tokens', '{"inputTokens":"7"}', 'https://example.com/a?page=2'])('leaves %s as it is', (text) => expect(redactText(text)).toBe(text));

  it('is quick on a long hostile line', () => {
    const started = performance.now();
    redactText(`{"${'a'.repeat(200_000)}":"${'x\\"'.repeat(100_000)}"}`);
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('does not blot out words for a known secret that is too short to be one', () => {
    expect(createRedactor(['the'])('the model')).toBe('the model');
  });
});
