import { once, EventEmitter } from 'node:events';
import { BasicTracerProvider } from '@opentelemetry/sdk-trace-node';
import type { TraceSpan } from '@trivet/contracts';
import { startTelemetry, withSpan, withWorkflow } from './index.js';
import { createSpanPublisher, type SpanPublisherOptions } from './span-publisher.js';

function setUp(options: Partial<SpanPublisherOptions> = {}) {
  const publisher = createSpanPublisher({ service: 'model', ...options });
  const provider = new BasicTracerProvider({ spanProcessors: [publisher] });
  const emit = (workflowId: string | undefined, attributes: Record<string, string> = {}) =>
    provider.getTracer('test').startSpan('s', { attributes: { ...(workflowId ? { 'trivet.workflow.id': workflowId, 'trivet.tenant': 'acme' } : {}), ...attributes } }).end();
  return { publisher, emit };
}

describe('createSpanPublisher', () => {
  it('publishes one batch a workflow, by itself, within its delay', async () => {
    const batches = new EventEmitter();
    const seen: [string, number][] = [];
    const { emit } = setUp({ delayMs: 10, publish: async (_tenant, workflowId, spans) => { seen.push([workflowId, spans.length]); if (seen.length === 2) batches.emit('all'); } });
    const all = once(batches, 'all', { signal: AbortSignal.timeout(2_000) });
    for (let index = 0; index < 5; index += 1) emit('a');
    emit('b');
    emit(undefined);
    await all;
    expect(seen).toEqual([['a', 5], ['b', 1]]);
  });

  it('keeps spans until there is a publisher', async () => {
    const { publisher, emit } = setUp();
    emit('early');
    const spans: TraceSpan[] = [];
    publisher.setPublisher(async (_tenant, _workflowId, batch) => void spans.push(...batch));
    await publisher.forceFlush();
    expect(spans).toHaveLength(1);
    expect(publisher.dropped()).toBe(0);
  });

  it('drops and counts what is over its bound', async () => {
    const { publisher, emit } = setUp({ maxQueued: 3 });
    for (let index = 0; index < 5; index += 1) emit('w');
    expect(publisher.dropped()).toBe(2);
  });

  it('counts spans of a publish that fails or hangs, and goes on', async () => {
    const { publisher, emit } = setUp({ timeoutMs: 20, publish: (_tenant, workflowId) => (workflowId === 'hangs' ? new Promise(() => undefined) : workflowId === 'fails' ? Promise.reject(new Error('bus is down')) : Promise.resolve()) });
    emit('hangs');
    emit('fails');
    emit('fine');
    await publisher.forceFlush();
    expect(publisher.dropped()).toBe(2);
  });

  it('survives a publisher that throws at once', async () => {
    const { publisher, emit } = setUp({ publish: () => { throw new Error('not connected'); } });
    emit('w');
    await publisher.forceFlush();
    expect(publisher.dropped()).toBe(1);
  });

  it('splits a batch that would outgrow a message', async () => {
    const sizes: number[] = [];
    const { publisher, emit } = setUp({ publish: async (_tenant, _workflowId, spans) => void sizes.push(JSON.stringify({ spans }).length) });
    for (let index = 0; index < 100; index += 1) emit('w', { text: 'x'.repeat(4_096) });
    await publisher.forceFlush();
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes)).toBeLessThan(200 * 1_024);
  });

  it('makes no spans of its own while it publishes', async () => {
    let publishes = 0;
    const telemetry = startTelemetry({
      service: 'model',
      version: '0',
      workerId: 'w1',
      publishSpans: async (tenant, workflowId) => {
        publishes += 1;
        await withWorkflow({ tenant, workflowId }, () => withSpan('publish', {}, () => undefined));
      },
    });
    await withWorkflow({ tenant: 'acme', workflowId: 'w' }, () => withSpan('work', {}, () => undefined));
    await telemetry.flush();
    await telemetry.flush();
    await telemetry.shutdown();
    expect(publishes).toBe(1);
  });
});
