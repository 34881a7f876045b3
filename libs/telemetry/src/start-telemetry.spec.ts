import { createServer, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, propagation, trace } from '@opentelemetry/api';
import type { TraceSpan } from '@trivet/contracts';
import { contextOfTraceparent, extractContext, injectHeaders, startTelemetry, traceIdOf, traceparentOf, withService, withSpan, withWorkflow, currentWorkflow, type Telemetry, type TelemetryOptions } from './index.js';

const IDENTITY = { service: 'orchestrator', version: '1.2.3', workerId: 'w1' };
const UPSTREAM = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00';
const SAMPLED = UPSTREAM.replace(/00$/, '01');

interface Published { tenant: string; workflowId: string; spans: TraceSpan[] }
let telemetry: Telemetry | undefined;
let published: Published[] = [];

function start(options: Partial<TelemetryOptions> = {}): Telemetry {
  published = [];
  telemetry = startTelemetry({
    ...IDENTITY,
    publishSpans: async (tenant, workflowId, spans) => void published.push({ tenant, workflowId, spans }),
    ...options,
  });
  return telemetry;
}
const spansOf = (workflowId: string): TraceSpan[] => published.filter((batch) => batch.workflowId === workflowId).flatMap((batch) => batch.spans);

afterEach(async () => telemetry?.shutdown());

describe('a workflow in the context', () => {
  it('is on every span made in it, through awaits and timers, and not on its neighbour', async () => {
    start();
    const work = (workflowId: string) =>
      withWorkflow({ tenant: 'acme', workflowId }, () =>
        withSpan('outer', {}, async () => {
          await nextTurn();
          await new Promise<void>((resolve) => setTimeout(() => void withSpan('inner', {}, () => resolve()), 1));
          expect(currentWorkflow()).toEqual({ tenant: 'acme', workflowId });
        }),
      );
    await Promise.all([work('one'), work('two')]);
    await telemetry?.flush();
    for (const id of ['one', 'two']) {
      const spans = spansOf(id);
      expect(spans.map((span) => span.name).sort()).toEqual(['inner', 'outer']);
      expect(new Set(spans.map((span) => span.attributes['trivet.workflow.id']))).toEqual(new Set([id]));
      expect(spans.find((span) => span.name === 'inner')?.parentSpanId).toBe(spans.find((span) => span.name === 'outer')?.spanId);
    }
    expect(published.every((batch) => batch.tenant === 'acme')).toBe(true);
  });

  it('reaches a span that was open before the id was known', async () => {
    start();
    await withSpan('task.submit', { kind: 'server' }, () => withWorkflow({ tenant: 'default', workflowId: 'late' }, () => undefined));
    await telemetry?.flush();
    expect(spansOf('late').map((span) => span.name)).toEqual(['task.submit']);
  });

  it('leaves the open span of another workflow alone', async () => {
    start();
    await withWorkflow({ tenant: 'default', workflowId: 'parent' }, () => withSpan('advance', {}, () => withWorkflow({ tenant: 'default', workflowId: 'child' }, () => undefined)));
    await telemetry?.flush();
    expect(spansOf('parent')).toHaveLength(1);
    expect(spansOf('child')).toHaveLength(0);
  });

  it('goes to the telemetry of its own tier where several share a process, until that one is down', async () => {
    start();
    const ofExecutor: TraceSpan[] = [];
    const executor = startTelemetry({ service: 'executor', version: '1.2.3', workerId: 'w2', publishSpans: async (_tenant, _workflowId, spans) => void ofExecutor.push(...spans) });
    const work = (service: string): Promise<void> => withService(service, () => withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan(`${service}.work`, {}, async () => nextTurn())));
    await Promise.all([work('orchestrator'), work('executor')]);
    await executor.shutdown();
    expect(ofExecutor).toMatchObject([{ name: 'executor.work', service: 'executor' }]);
    await work('orchestrator');
    await telemetry?.flush();
    expect(spansOf('w').map(({ name }) => name)).toEqual(['orchestrator.work', 'orchestrator.work']);
  });

  it('names the tier where several share a process', async () => {
    start({ service: 'one' });
    await withService('executor', () => withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('tool.call', {}, () => undefined)));
    await telemetry?.flush();
    expect(spansOf('w')[0]?.service).toBe('executor');
  });
});

describe('headers', () => {
  it('carry the trace and the workflow from one service to the next', async () => {
    start();
    const sent = await withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('publish', { kind: 'producer' }, () => injectHeaders()));
    expect(sent['X-Workflow-ID']).toBe('w');
    const received = extractContext((name) => sent[name]);
    expect(received.workflowId).toBe('w');
    const continued = await withSpan('process', { kind: 'consumer', parent: received.context }, (span) => traceparentOf(span));
    expect(traceIdOf(continued ?? '')).toBe(traceIdOf(sent.traceparent ?? ''));
    expect(traceparentOf(received.context)).toBe(sent.traceparent);
  });

  it('do not carry a workflow id that is not one', () => {
    start();
    expect(extractContext((name) => (name === 'X-Workflow-ID' ? 'a.b *' : undefined)).workflowId).toBeUndefined();
  });

  it('record the span although the caller did not sample, and continue its trace', async () => {
    start();
    await withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('task.submit', { parent: UPSTREAM }, () => undefined));
    await telemetry?.flush();
    expect(spansOf('w')[0]).toMatchObject({ traceId: traceIdOf(UPSTREAM), parentSpanId: 'b7ad6b7169203331' });
  });

  it('start a new trace when the parent is not valid', async () => {
    start();
    const [outer, inner] = await withSpan('outer', {}, async (span) => [traceparentOf(span), await withSpan('inner', { parent: 'nonsense' }, (fresh) => traceparentOf(fresh))]);
    expect(traceIdOf(inner ?? '')).toMatch(/^[0-9a-f]{32}$/);
    expect(traceIdOf(inner ?? '')).not.toBe(traceIdOf(outer ?? ''));
    expect(traceparentOf(contextOfTraceparent('nonsense'))).toBeUndefined();
    expect(traceIdOf(`00-${'0'.repeat(32)}-b7ad6b7169203331-01`)).toBeUndefined();
  });

  it('still work, and the workflow still travels, when tracing is disabled', async () => {
    start({ otel: { OTEL_SDK_DISABLED: 'true' } });
    await withWorkflow({ tenant: 'default', workflowId: 'w' }, async () => {
      await nextTurn();
      expect(injectHeaders()['X-Workflow-ID']).toBe('w');
      await withSpan('quiet', {}, () => undefined);
    });
    await telemetry?.flush();
    expect(published).toEqual([]);
  });
});

describe('a span whose work fails', () => {
  it('carries the error without its secrets, and the error goes on', async () => {
    start();
    const failing = withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('model.call', {}, () => Promise.reject(new TypeError('refused key sk-abcdefghijklmnop1234'))));
    await expect(failing).rejects.toThrow('refused key');
    await telemetry?.flush();
    expect(spansOf('w')[0]).toMatchObject({ status: 'error', attributes: { 'error.type': 'TypeError', 'error.message': 'refused key [redacted]' } });
  });
});

describe('a call that is begun again', () => {
  it('is linked to the span of the first time, whoever began it and whether or not it ended', async () => {
    start();
    const begin = (epoch: number): Promise<void> => context.with(contextOfTraceparent(SAMPLED), () => withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('tool.call', { delivery: { id: 'c1', count: epoch } }, () => undefined)));
    for (const epoch of [1, 2, 3]) await begin(epoch);
    await telemetry?.flush();
    const [first, ...later] = spansOf('w');
    expect(first?.links).toBeUndefined();
    expect(first?.attributes).not.toHaveProperty('trivet.redelivered');
    for (const span of later) expect(span).toMatchObject({ links: [{ traceId: traceIdOf(SAMPLED), spanId: first?.spanId }], attributes: { 'trivet.redelivered': true } });
    expect(new Set(spansOf('w').map(({ spanId }) => spanId)).size).toBe(3);
  });

  it('is in the trace of the first time where nobody sent one', async () => {
    start();
    for (const count of [1, 2]) await withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('task.submit', { delivery: { id: 'TASKS:7:1700000000', count } }, () => undefined));
    await withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('task.submit', { delivery: { id: 'TASKS:7:1800000000', count: 1 } }, () => undefined));
    await telemetry?.flush();
    const [first, again, other] = spansOf('w');
    expect(again).toMatchObject({ traceId: first?.traceId, parentSpanId: null, links: [{ traceId: first?.traceId, spanId: first?.spanId }] });
    expect(other?.traceId).not.toBe(first?.traceId);
  });
});

describe('the OTLP exporter', () => {
  it('sends the same spans to a collector, with the headers it was given', async () => {
    const received: { request: IncomingMessage; body: string }[] = [];
    const collector = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => { received.push({ request, body }); response.end('{}'); });
    }).listen(0, '127.0.0.1');
    await once(collector, 'listening');
    const address = collector.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    try {
      start({ otel: { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}/`, OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue', OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment=test' } });
      await withWorkflow({ tenant: 'default', workflowId: 'seen-outside' }, () => withSpan('tool.call', {}, () => undefined));
      await telemetry?.flush();
      expect(received[0]?.request.url).toBe('/v1/traces');
      expect(received[0]?.request.headers['x-team']).toBe('blue');
      expect(received[0]?.body).toContain('"seen-outside"');
      expect(received[0]?.body).toContain('trivet-orchestrator');
      expect(received[0]?.body).toContain('deployment.environment');
    } finally {
      await telemetry?.shutdown();
      collector.closeAllConnections();
      collector.close();
    }
  });

  it('does not fail the service when the collector is down', async () => {
    start({ otel: { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://127.0.0.1:9/v1/traces', OTEL_EXPORTER_OTLP_TIMEOUT: '300' } });
    await withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('tool.call', {}, () => undefined));
    await expect(telemetry?.flush()).resolves.toBeUndefined();
    expect(spansOf('w')).toHaveLength(1);
  });
});

describe('shutdown', () => {
  it('flushes, and leaves the globals free for a next start', async () => {
    start();
    await withWorkflow({ tenant: 'default', workflowId: 'w' }, () => withSpan('last', {}, () => undefined));
    await telemetry?.shutdown();
    expect(spansOf('w')).toHaveLength(1);
    expect(trace.getSpan(context.active())).toBeUndefined();
    expect(propagation.fields()).toEqual([]);
  });
});
