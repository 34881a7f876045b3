import { createServer, type Server } from 'node:http';
import type { TraceSpan } from '@trivet/contracts';
import { startStack, until, type Stack } from '@trivet/testing';
import { linesOf } from './observability/log-lines.js';
import { findOtlpProblems } from './observability/otlp-schema.js';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  startTimeUnixNano: string;
  attributes: { key: string; value: { stringValue?: string } }[];
  service: string;
}

/** A collector of ten lines: what an OTLP/HTTP exporter sends as JSON. */
async function startCollector(): Promise<{ url: string; exports: unknown[]; spans: OtlpSpan[]; server: Server }> {
  const exports: unknown[] = [];
  const spans: OtlpSpan[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as { resourceSpans: { resource: { attributes: OtlpSpan['attributes'] }; scopeSpans: { spans: OtlpSpan[] }[] }[] };
      exports.push(body);
      for (const resource of body.resourceSpans) {
        const service = resource.resource.attributes.find((each) => each.key === 'service.name')?.value.stringValue ?? '';
        for (const scope of resource.scopeSpans) for (const span of scope.spans) spans.push({ ...span, service });
      }
      response.writeHead(200, { 'Content-Type': 'application/json' }).end('{}');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`, exports, spans, server };
}

const CLIENT_SPAN = '00f067aa0ba902b7';

const attribute = (span: OtlpSpan, key: string): string | undefined => span.attributes.find((each) => each.key === key)?.value.stringValue;

describe('the trace of a task', () => {
  let stack: Stack;
  let collector: Awaited<ReturnType<typeof startCollector>>;
  const incoming = `00-4bf92f3577b34da6a3ce929d0e0e4736-${CLIENT_SPAN}-01`;
  beforeAll(async () => {
    collector = await startCollector();
    stack = await startStack({ environment: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json', TRIVET_LOG_LEVEL: 'info' } });
    await fetch(`${stack.url}/api/v1/tasks`, { method: 'POST', headers: { 'Content-Type': 'application/json', traceparent: incoming }, body: JSON.stringify({ goal: 'Analyse Nimbus Robotics', template: 'research', workflowId: 'traced' }) });
    expect(await stack.ended('traced')).toMatchObject({ status: 'completed', traceId: incoming.split('-')[1] });
    // Exporters send in batches, each service its own: all is there when three services have spoken and no parent is missing.
    await until(() => new Set(own().map((span) => span.service)).size === 3 && orphans(own()).length === 0, 30_000, () => `only ${own().map((span) => `${span.service} ${span.name}`).join(', ')}`);
  });
  afterAll(async () => {
    await stack.stop();
    collector.server.close();
  });
  const own = (): OtlpSpan[] => collector.spans.filter((span) => attribute(span, 'trivet.workflow.id') === 'traced');

  it('has one id, from the client through all three services and the plugin', () => {
    const spans = own();
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set([incoming.split('-')[1]]));
    expect(new Set(spans.map((span) => span.service))).toEqual(new Set(['trivet-orchestrator', 'trivet-executor', 'trivet-model']));
    expect(spans.map((span) => span.name)).toEqual(expect.arrayContaining(['task.submit', 'workflow.advance', 'tool.call', 'sandbox.run', 'host.model', 'model.call']));
  });

  it('carries the workflow id on every span of the trace', async () => {
    const all = () => collector.spans.filter((span) => span.traceId === incoming.split('-')[1]);
    // Each process sends its spans when it likes.
    await until(() => all().length > 10, 10_000);
    expect(all().filter((span) => attribute(span, 'trivet.workflow.id') !== 'traced').map((span) => span.name)).toEqual([]);
  });

  it('opens as one tree', async () => {
    await until(() => orphans(own()).length === 0, 10_000, () => `orphans: ${orphans(own()).map((span) => span.name).join(', ')}`);
    const spans = own();
    const byId = new Map(spans.map((span) => [span.spanId, span]));
    expect(byId.size).toBe(spans.length);
    const top = spans.filter((span) => span.parentSpanId === CLIENT_SPAN);
    expect(top.map((span) => span.name)).toEqual(['task.submit']);
    for (const span of spans) expect(pathOf(span, byId).at(-1)).toBe(top[0]);
    // Clocks of one machine: a second is more than they may differ.
    const early = spans.filter((span) => BigInt(span.startTimeUnixNano) + 1_000_000_000n < BigInt(byId.get(span.parentSpanId ?? '')?.startTimeUnixNano ?? '0'));
    expect(early.map((span) => span.name)).toEqual([]);
  });

  it('is what the schema of OTLP asks for, every export of every service', () => {
    expect(collector.exports.length).toBeGreaterThan(2);
    expect(collector.exports.flatMap(findOtlpProblems)).toEqual([]);
  });

  it('is shown by the built-in view too', async () => {
    let items: TraceSpan[] = [];
    await until(async () => {
      ({ items } = await stack.get<{ items: TraceSpan[] }>('/api/v1/workflows/traced/trace'));
      return items.length >= own().length;
    }, 10_000);
    expect(new Set(items.map((span) => span.service))).toEqual(new Set(['orchestrator', 'executor', 'model']));
    expect(new Set(items.map((span) => span.traceId)).size).toBe(1);
    // What the tool said while there was no web to search.
    const said = items.flatMap((span) => (span.events ?? []).map((event) => ({ span: span.name, ...event })));
    expect(said).toContainEqual({ span: 'sandbox.run', at: expect.any(Number), name: 'log', attributes: { level: 'info', message: expect.stringContaining('The web cannot be searched') } });
  });

  it('is named, with workflow and tenant, on every line that a service logs of it', async () => {
    const { workflow, lines } = await linesOf(stack, 'wf-logged-json');
    const entries = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(entries.filter(({ workflowId, tenant, traceId }) => workflowId !== 'wf-logged-json' || tenant !== 'default' || traceId !== workflow.traceId)).toEqual([]);
    expect(new Set(entries.map(({ service }) => service))).toEqual(new Set(['orchestrator', 'executor', 'model']));
  });

  it('is one tree of what failed, where there are more tasks than can be traced', async () => {
    const plan = { steps: [{ id: 'breaks', kind: 'tool', tool: 'code_javascript', input: { code: 'throw new Error("It broke.")' }, retry: { max: 0 } }] };
    const failed = ['sandbox.run ok', 'task.submit ok', 'tool.call error', 'workflow.advance error'];
    const named = (spans: readonly TraceSpan[]): string[] => spans.map(({ name, status }) => `${name} ${status}`).toSorted();
    /** The spans of a workflow that failed, when they are all there. */
    const failOne = async (workflowId: string): Promise<TraceSpan[]> => {
      await stack.submit({ goal: 'x', workflowId, plan });
      expect(await stack.ended(workflowId)).toMatchObject({ status: 'failed' });
      let spans: TraceSpan[] = [];
      await until(async () => {
        spans = (await stack.get<{ items: TraceSpan[] }>(`/api/v1/workflows/${workflowId}/trace`)).items;
        return failed.every((each) => named(spans).includes(each));
      }, 15_000, () => named(spans).join(', '));
      return spans;
    };
    // Submits that are refused count too: as many as go, until there are too many.
    let items: TraceSpan[] = [];
    let isOver = false;
    const flood = async (): Promise<void> => {
      while (!isOver) expect((await stack.submit({ goal: 'x', template: 'nothing' })).ok).toBe(false);
    };
    const findOne = async (): Promise<void> => {
      for (let index = 0; !items.some((span) => span.attributes['trivet.left_out'] === true); index += 1) items = await failOne(`out-${index}`);
    };
    await Promise.all([findOne().finally(() => (isOver = true)), ...Array.from({ length: 16 }, flood)]);
    expect(named(items)).toEqual(failed);
    expect(items.filter(({ parentSpanId }) => !items.some(({ spanId }) => spanId === parentSpanId)).map(({ name }) => name)).toEqual(['task.submit']);
    expect(new Set(items.map(({ service }) => service))).toEqual(new Set(['orchestrator', 'executor']));
  });
});

/** Spans whose parent is neither known nor the client's own. */
function orphans(spans: OtlpSpan[]): OtlpSpan[] {
  const known = new Set(spans.map((span) => span.spanId));
  return spans.filter((span) => span.parentSpanId !== CLIENT_SPAN && !known.has(span.parentSpanId ?? ''));
}

/** A span and those above it; ends where there is none above, or where it has been already. */
function pathOf(span: OtlpSpan, byId: ReadonlyMap<string, OtlpSpan>): OtlpSpan[] {
  const path: OtlpSpan[] = [];
  for (let at: OtlpSpan | undefined = span; at && !path.includes(at); at = byId.get(at.parentSpanId ?? '')) path.push(at);
  return path;
}
