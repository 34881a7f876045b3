import { context } from '@opentelemetry/api';
import { FailureError, type TraceSpan } from '@trivet/contracts';
import { contextOfTraceparent, currentTraceparent, keepFirstSpan, recordFailure, startTelemetry, traceIdOf, withSpan, withWorkflow, type OtelVariables, type Telemetry } from './index.js';

const IN_W = { tenant: 'default', workflowId: 'w' };
let telemetry: Telemetry;
let spans: TraceSpan[];
afterEach(() => telemetry.shutdown());

/** Starts tracing and submits workflows until there are too many of them to trace; gives the traceparent of one that is left out. */
async function underLoad(otel: OtelVariables = {}): Promise<string> {
  spans = [];
  telemetry = startTelemetry({ service: 'orchestrator', version: '0', workerId: 'w1', otel, publishSpans: async (_tenant, _workflowId, batch) => void spans.push(...batch) });
  for (;;) {
    const traceparent = await withSpan('task.submit', {}, () => currentTraceparent() ?? '');
    if (traceparent.endsWith('-00')) return traceparent;
  }
}

/** What another process does with a message that carries this traceparent. */
const receive = <Result>(traceparent: string, work: () => Promise<Result>): Promise<Result> => context.with(contextOfTraceparent(traceparent), () => withWorkflow(IN_W, work));
const recorded = async (): Promise<TraceSpan[]> => {
  await telemetry.flush();
  return spans;
};
const spanIdOf = (traceparent: string): string => traceparent.split('-')[2] ?? '';

describe('a workflow that is left out under load', () => {
  it('leaves no span of what goes well, and its ids travel on', async () => {
    const traceparent = await underLoad();
    expect(await receive(traceparent, () => withSpan('tool.call', {}, () => withSpan('sandbox.run', {}, () => currentTraceparent())))).toBe(traceparent);
    expect(await recorded()).toEqual([]);
  });

  it('is one tree of what failed, with all that was inside it', async () => {
    const traceparent = await underLoad();
    const call = (): Promise<void> =>
      withSpan('tool.call', { kind: 'consumer', attributes: { first: 1 } }, async (span) => {
        await withSpan('sandbox.run', {}, (inner) => inner.setAttribute('second', 2).addEvent('log', { message: 'here' }));
        recordFailure(span, new FailureError('tool_failed', 'It broke.'));
      });
    await receive(traceparent, call);
    await receive(traceparent, async () => keepFirstSpan(traceparent, 1_700_000_000_000));
    const [first, failed, inner, ...others] = (await recorded()).toSorted((left, right) => left.startedAt - right.startedAt);
    expect(others).toEqual([]);
    expect(first).toMatchObject({ name: 'task.submit', spanId: spanIdOf(traceparent), traceId: traceIdOf(traceparent), parentSpanId: null, startedAt: 1_700_000_000_000, attributes: { 'trivet.left_out': true, 'trivet.workflow.id': 'w' } });
    expect(failed).toMatchObject({ name: 'tool.call', parentSpanId: first?.spanId, traceId: first?.traceId, status: 'error', attributes: { first: 1, 'trivet.workflow.id': 'w', 'trivet.failure.code': 'tool_failed', 'error.message': 'It broke.' } });
    expect(failed?.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': 'It broke.' } }]);
    expect(inner).toMatchObject({ name: 'sandbox.run', parentSpanId: failed?.spanId, status: 'ok', attributes: { second: 2 }, events: [{ name: 'log', attributes: { message: 'here' } }] });
    expect((failed?.startedAt ?? 0) + (failed?.durationMs ?? 0)).toBeGreaterThanOrEqual((inner?.startedAt ?? 0) + (inner?.durationMs ?? 0));
  });

  it('forgets a failure that was made up for inside the same call', async () => {
    await receive(await underLoad(), () => withSpan('model.call', {}, () => withSpan('chat', {}, () => Promise.reject(new Error('busy'))).catch(() => undefined)));
    expect(await recorded()).toEqual([]);
  });

  it('keeps a submit that was refused', async () => {
    await underLoad();
    await expect(withWorkflow(IN_W, () => withSpan('task.submit', {}, () => withSpan('workflow.advance', {}, () => Promise.reject(new FailureError('invalid_request', 'No.')))))).rejects.toThrow('No.');
    const [submit, advance] = (await recorded()).toSorted((left, right) => left.startedAt - right.startedAt);
    expect(submit).toMatchObject({ name: 'task.submit', status: 'error', parentSpanId: null });
    expect(advance).toMatchObject({ name: 'workflow.advance', parentSpanId: submit?.spanId, traceId: submit?.traceId });
  });

  it('remembers a bounded number of spans', async () => {
    const loop = async (): Promise<void> => {
      for (let index = 0; index < 1_000; index += 1) await withSpan('host.model', {}, () => undefined);
      throw new Error('at last');
    };
    await expect(receive(await underLoad(), () => withSpan('tool.call', {}, loop))).rejects.toThrow('at last');
    expect(await recorded()).toHaveLength(129);
  });

  it('keeps nothing where the operator names a sampler that records nothing', async () => {
    const traceparent = await underLoad({ OTEL_TRACES_SAMPLER: 'always_off' });
    await expect(receive(traceparent, () => withSpan('tool.call', {}, () => Promise.reject(new Error('x'))))).rejects.toThrow('x');
    await receive(traceparent, async () => keepFirstSpan(traceparent, 0));
    expect(await recorded()).toEqual([]);
  });
});

describe('a workflow that is traced', () => {
  it('has its first span once', async () => {
    await underLoad();
    await receive(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, async () => keepFirstSpan(`00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`, 0));
    expect(await recorded()).toEqual([]);
  });
});
