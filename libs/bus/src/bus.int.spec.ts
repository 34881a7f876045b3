import { readFileSync, readdirSync } from 'node:fs';
import { trace } from '@opentelemetry/api';
import { CONSUMERS, HEADERS, type TraceSpan } from '@trivet/contracts';
import { currentWorkflow, startTelemetry, withSpan, withWorkflow } from '@trivet/telemetry';
import { startNats, until, type TestServer } from '@trivet/testing';
import { connectBus, DeadLetterError, RedeliverError, settlementOf, subjects, type Bus, type Delivery, type Settlement } from './index.js';

const TOOLS = CONSUMERS.toolCalls;
const decode = (data: Uint8Array): unknown => JSON.parse(new TextDecoder().decode(data));

/** A consumer whose handler is given test by test. */
function consume(bus: Bus, concurrency: number, handle: (delivery: Delivery) => Promise<void>) {
  return bus.consume({
    consumer: TOOLS,
    concurrency: () => concurrency,
    handle: async (delivery): Promise<Settlement> => {
      try {
        await handle(delivery);
        return { do: 'ack' };
      } catch (error) {
        return settlementOf(error, delivery.deliveries);
      }
    },
  });
}

describe('the bus', () => {
  let server: TestServer;
  let bus: Bus;
  beforeEach(async () => {
    server = await startNats();
    bus = await connectBus({ url: server.url, name: 'spec', mayCreate: true });
  });
  afterEach(async () => {
    await bus.close();
    await server.stop();
  });

  it('hands out every message once, never more at a time than there is room for', async () => {
    const seen: number[] = [];
    let now = 0;
    let most = 0;
    const consumer = consume(bus, 3, async (delivery) => {
      most = Math.max(most, ++now);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push((decode(delivery.data) as { index: number }).index);
      now -= 1;
    });
    await Promise.all(Array.from({ length: 500 }, (_, index) => bus.publish(subjects.toolCall('acme', 'wf'), { index }, { workflowId: 'wf' })));
    await until(() => seen.length === 500, 20_000);
    expect(new Set(seen).size).toBe(500);
    expect(most).toBeLessThanOrEqual(3);
    consumer.stop();
  });

  it('says of a message at once that the broker went away with it', async () => {
    process.kill(server.pid, 'SIGSTOP');
    // Each of its threads stops in its own time.
    await until(() => readdirSync(`/proc/${server.pid}/task`).every((thread) => readFileSync(`/proc/${server.pid}/task/${thread}/stat`, 'utf8').includes(') T ')), 5_000);
    const published = bus.publish(subjects.toolCall('acme', 'wf'), {}, { workflowId: 'wf', timeoutMs: 25_000 });
    const told = published.then(() => 'stored', (error: Error) => error.message);
    await new Promise((resolve) => setImmediate(resolve));
    process.kill(server.pid, 'SIGKILL');
    expect(await told).toMatch(/connection to the broker was lost/);
  });

  it('brings a message again after the delay its handler asked for, with its headers', async () => {
    const deliveries: number[] = [];
    const consumer = consume(bus, 1, async (delivery) => {
      deliveries.push(delivery.deliveries);
      expect(delivery.header('x-workflow-id')).toBe('wf');
      if (delivery.deliveries === 1) throw new RedeliverError('later', 50);
    });
    await bus.publish(subjects.toolCall('acme', 'wf'), {}, { workflowId: 'wf' });
    await until(() => deliveries.length === 2, 10_000);
    expect(deliveries).toEqual([1, 2]);
    consumer.stop();
  });

  it('keeps what cannot be handled as a dead letter, with headers, reason and attempts, and goes on', async () => {
    const handled: unknown[] = [];
    const consumer = consume(bus, 1, async (delivery) => {
      const body = decode(delivery.data) as { bad?: boolean };
      if (body.bad) throw new DeadLetterError('it is bad\r\nvery bad');
      handled.push(body);
    });
    await bus.publish(subjects.toolCall('acme', 'wf'), { bad: true }, { workflowId: 'wf', headers: { 'ce-id': 'e1' } });
    await bus.publish(subjects.toolCall('acme', 'wf'), { bad: false }, { workflowId: 'wf' });
    await until(() => handled.length === 1, 10_000);
    await until(async () => (await bus.read('DEAD', { limit: 10 })).length === 1, 10_000);
    const [letter] = await bus.read('DEAD', { limit: 10 });
    expect(letter).toMatchObject({ subject: 'trivet.v1.dead.CALLS', headers: { [HEADERS.deadReason]: 'it is bad very bad', [HEADERS.deadAttempts]: '1', 'X-Workflow-ID': 'wf', 'ce-id': 'e1' } });
    expect(decode(letter?.data ?? new Uint8Array())).toEqual({ bad: true });
    consumer.stop();
  });

  it('tells how a message was settled inside of its workflow and trace', async () => {
    const telemetry = startTelemetry({ service: 'executor', version: '0', workerId: 'w1' });
    const told: unknown[] = [];
    const consumer = bus.consume({ consumer: TOOLS, concurrency: () => 1, handle: async () => ({ do: 'ack' }), onSettled: () => told.push([currentWorkflow(), trace.getActiveSpan()?.spanContext().traceId]) });
    await bus.publish(subjects.toolCall('acme', 'wf'), {}, { workflowId: 'wf', headers: { [HEADERS.traceparent]: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` } });
    await until(() => told.length === 1, 10_000);
    expect(told).toEqual([[{ tenant: 'acme', workflowId: 'wf' }, 'a'.repeat(32)]]);
    consumer.stop();
    await telemetry.shutdown();
  });

  it('names a message alike each time it brings it, so that the spans of its deliveries are linked', async () => {
    const spans: TraceSpan[] = [];
    const telemetry = startTelemetry({ service: 'orchestrator', version: '0', workerId: 'w1', publishSpans: async (_tenant, _workflowId, some) => void spans.push(...some) });
    const carryOut = (delivery: Delivery): Promise<void> =>
      withWorkflow({ tenant: 'acme', workflowId: 'wf' }, () =>
        withSpan('workflow.advance', { delivery: { id: delivery.id, count: delivery.deliveries } }, () => {
          if (delivery.deliveries < 3) throw new RedeliverError('later', 20);
        }),
      );
    const settled: string[] = [];
    const consumer = consume(bus, 1, async (delivery) => carryOut(delivery).finally(() => settled.push(delivery.id)));
    await bus.publish(subjects.toolCall('acme', 'wf'), {}, { workflowId: 'wf' });
    await until(() => settled.length === 3, 10_000);
    await bus.publish(subjects.toolCall('acme', 'wf'), {}, { workflowId: 'wf' });
    await until(() => settled.length === 6, 10_000);
    await telemetry.shutdown();
    consumer.stop();
    expect(settled).toEqual([settled[0], settled[0], settled[0], settled[3], settled[3], settled[3]]);
    expect(settled[3]).not.toBe(settled[0]);
    const linked = spans.map(({ links }) => links?.[0]?.spanId);
    expect(linked).toEqual([undefined, spans[0]?.spanId, spans[0]?.spanId, undefined, spans[3]?.spanId, spans[3]?.spanId]);
    expect(spans.map(({ traceId }) => traceId === spans[0]?.traceId)).toEqual([true, true, true, false, false, false]);
  });

  it('does not bring a message again while its handler works, however long that takes', async () => {
    let starts = 0;
    let finish: () => void = () => undefined;
    const finished = new Promise<void>((resolve) => (finish = resolve));
    const consumer = consume(bus, 2, async () => {
      starts += 1;
      await finished;
    });
    await bus.publish(subjects.toolCall('acme', 'wf'), {}, { workflowId: 'wf' });
    await until(() => starts === 1, 10_000);
    await new Promise((resolve) => setTimeout(resolve, TOOLS.ackWaitMs + 1_500));
    expect(starts).toBe(1);
    finish();
    await consumer.drained(5_000);
    consumer.stop();
  });

  it('gives back what is unfinished when the drain time is over', async () => {
    let starts = 0;
    let finish: () => void = () => undefined;
    const consumer = consume(bus, 1, () => {
      starts += 1;
      return new Promise((resolve) => (finish = resolve));
    });
    await bus.publish(subjects.toolCall('acme', 'wf'), {}, { workflowId: 'wf' });
    await until(() => starts === 1, 10_000);
    consumer.stop();
    await consumer.drained(50);
    let again = 0;
    const next = consume(bus, 1, async () => void (again += 1));
    await until(() => again === 1, 3_000);
    next.stop();
    finish();
  });

  it('goes on after the broker was killed and came back, with what was stored', async () => {
    const seen: unknown[] = [];
    const consumer = consume(bus, 4, async (delivery) => void seen.push(decode(delivery.data)));
    await bus.publish(subjects.toolCall('acme', 'wf'), { n: 1 }, { workflowId: 'wf' });
    await until(() => seen.length === 1, 10_000);
    await server.kill();
    await server.restart();
    await until(() => bus.publish(subjects.toolCall('acme', 'wf'), { n: 2 }, { workflowId: 'wf', timeoutMs: 500 }).then(() => true), 20_000);
    await until(() => seen.length >= 2, 20_000);
    expect(seen).toContainEqual({ n: 2 });
    consumer.stop();
  });

  it('says which subject nobody keeps', async () => {
    await expect(bus.publish('trivet.v1.nowhere.x', {}, { timeoutMs: 1_000 })).rejects.toThrow(/No stream captures trivet\.v1\.nowhere\.x/);
  });

  it('refuses a payload over the limit of the broker, naming it', async () => {
    await expect(bus.publish(subjects.toolCall('acme', 'wf'), { text: 'x'.repeat(bus.maxPayloadBytes()) })).rejects.toThrow(new RegExp(`over the broker's limit of ${bus.maxPayloadBytes()} bytes`));
  });

  it('keeps its connection when somebody asks, answers or tells more than a message may carry', async () => {
    const large = 'x'.repeat(bus.maxPayloadBytes());
    const service = bus.respond({ name: 'large', id: 'l1', version: '1.0.0', description: 'd', endpoints: [{ name: 'repeat', subject: 'trivet.v1.rpc.large.it', handle: async () => ({ large }) }] });
    let isLost = false;
    const lost = bus.onReconnect(() => (isLost = true));
    await expect(bus.request('trivet.v1.rpc.large.it', { large })).rejects.toMatchObject({ failure: { code: 'payload_too_large', message: expect.stringContaining("over the broker's limit") } });
    expect(await bus.request('trivet.v1.rpc.large.it', {})).toMatchObject({ errorCode: 413, body: { code: 'payload_too_large' } });
    expect(() => bus.notify('trivet.v1.delta.a.b.c', { large })).toThrow("over the broker's limit");
    expect(await bus.request('trivet.v1.rpc.large.it', {})).toMatchObject({ errorCode: 413 });
    expect(isLost).toBe(false);
    if (typeof lost === 'function') lost();
    service.stop();
  });

  it('tells a dead worker from a live one, and does not believe a death while its own connection is young', async () => {
    const service = bus.respond({ name: 'executor', id: 'e1', version: '1.0.0', description: 'd', endpoints: [] });
    expect(await bus.isAlive('executor', 'e1', { stableMs: 0 })).toBe(true);
    expect(await bus.isAlive('executor', 'e2', { stableMs: 0 })).toBe(false);
    expect(await bus.isAlive('executor', 'e2', { stableMs: 60_000 })).toBe('unknown');
    service.stop();
    expect(await bus.isAlive('executor', 'e1', { stableMs: 0 })).toBe(false);
  });

  it('answers the service API of NATS', async () => {
    const service = bus.respond({ name: 'orchestrator', id: 'o1', version: '1.0.0', description: 'd', endpoints: [{ name: 'echo', subject: 'trivet.v1.rpc.echo.it', handle: async (request) => request.body }] });
    expect(await bus.request('trivet.v1.rpc.echo.it', { a: 1 })).toEqual({ body: { a: 1 }, errorCode: null });
    expect(await bus.request('$SRV.INFO.orchestrator.o1', {})).toMatchObject({ body: { type: 'io.nats.micro.v1.info_response', endpoints: [{ name: 'echo', queue_group: 'q' }] } });
    expect(await bus.request('$SRV.STATS.orchestrator', {})).toMatchObject({ body: { type: 'io.nats.micro.v1.stats_response', endpoints: [{ num_requests: 1, num_errors: 0 }] } });
    service.stop();
  });
});
