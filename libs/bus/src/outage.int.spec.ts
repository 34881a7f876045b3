import { jetstreamManager } from '@nats-io/jetstream';
import { connect, nanos } from '@nats-io/transport-node';
import { CONSUMERS } from '@trivet/contracts';
import { startNats, startTcpProxy, until, type TcpProxy, type TestServer } from '@trivet/testing';
import { connectBus, subjects, type Bus } from './index.js';

const SUBJECT = subjects.toolCall('acme', 'wf');

describe('while the broker is away', () => {
  let server: TestServer;
  let bus: Bus;
  beforeEach(async () => {
    server = await startNats();
    bus = await connectBus({ url: server.url, name: 'spec', mayCreate: true });
    await server.kill();
    await until(() => !bus.isConnected(), 5_000);
  });
  afterEach(async () => {
    await bus.close();
    await server.stop();
  });

  it('what is published waits for its return, and goes in order', async () => {
    const published = Promise.all([1, 2, 3].map((n) => bus.publish(SUBJECT, { n }, { workflowId: 'wf', timeoutMs: 20_000 })));
    // Longer than the client waits between two attempts, each of which drops what it was given meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 500));
    await server.restart();
    expect((await published).map((ack) => ack.seq)).toEqual([1, 2, 3]);
  });

  it('and does not come back in time, whoever publishes hears so', async () => {
    await expect(bus.publish(SUBJECT, {}, { workflowId: 'wf', timeoutMs: 200 })).rejects.toThrow(/did not acknowledge .* within 200 ms/);
  });

  it('and the bus is closed, whoever publishes hears that', async () => {
    const published = bus.publish(SUBJECT, {}, { workflowId: 'wf' });
    const told = published.then(() => 'stored', (error: Error) => error.message);
    await bus.close();
    expect(await told).toMatch(/bus was closed/);
    await expect(bus.publish(SUBJECT, {}, { workflowId: 'wf' })).rejects.toThrow(/Could not send/);
  });

  it('nobody waits for its answer', async () => {
    await expect(bus.streamState('CALLS')).rejects.toThrow(/broker is away/);
  });
});

describe('a question to a broker that dies', () => {
  it('is given up at once', async () => {
    const server = await startNats();
    const bus = await connectBus({ url: server.url, name: 'spec', mayCreate: true });
    process.kill(server.pid, 'SIGSTOP');
    const told = bus.streamState('CALLS').then(() => 'answered', (error: Error) => error.message);
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.kill(server.pid, 'SIGKILL');
    expect(await told).toMatch(/lost before it answered/);
    await bus.close();
    await server.stop();
  });
});

describe('a worker that is there and does not answer', () => {
  let server: TestServer;
  let proxy: TcpProxy;
  let worker: Bus;
  beforeEach(async () => {
    server = await startNats();
    proxy = await startTcpProxy({ targetPort: server.port });
    worker = await connectBus({ url: server.url, name: 'worker', mayCreate: true });
  });
  afterEach(async () => {
    proxy.heal();
    await worker.close();
    await proxy.stop();
    await server.stop();
  });

  const respond = (bus: Bus): unknown => bus.respond({ name: 'executor', id: 'e1', version: '1.0.0', description: 'd', endpoints: [] });
  const ask = (bus: Bus): ReturnType<Bus['isAlive']> => bus.isAlive('executor', 'e1', { timeoutMs: 300, stableMs: 0 });

  it('is silent when it is cut off', async () => {
    const cutOff = await connectBus({ url: `nats://127.0.0.1:${proxy.port}`, name: 'cut off' });
    respond(cutOff);
    await until(async () => (await ask(worker)) === true, 5_000);
    proxy.setWeather({ blackHole: 'both' });
    expect(await ask(worker)).toBe('silent');
    proxy.heal();
    await cutOff.close();
  });

  it('is not called silent by one that is cut off itself', async () => {
    respond(worker);
    const cutOff = await connectBus({ url: `nats://127.0.0.1:${proxy.port}`, name: 'cut off' });
    expect(await ask(cutOff)).toBe(true);
    proxy.setWeather({ blackHole: 'both' });
    expect(await ask(cutOff)).toBe('unknown');
    proxy.heal();
    await cutOff.close();
  });
});

describe('a durable consumer of an earlier version', () => {
  it('is brought up to date', async () => {
    const server = await startNats();
    await (await connectBus({ url: server.url, name: 'spec', mayCreate: true })).close();
    const nats = await connect({ servers: `127.0.0.1:${server.port}` });
    const manager = await jetstreamManager(nats);
    const { stream, durable, ackWaitMs } = CONSUMERS.results;
    await manager.consumers.update(stream, durable, { ack_wait: nanos(1_500) });
    await (await connectBus({ url: server.url, name: 'spec', mayCreate: true })).close();
    expect((await manager.consumers.info(stream, durable)).config.ack_wait).toBe(nanos(ackWaitMs));
    await nats.close();
    await server.stop();
  });
});

describe('a process that hangs', () => {
  it('is given no more messages after its requests have lapsed', async () => {
    const server = await startNats();
    const proxy = await startTcpProxy({ targetPort: server.port });
    const hung = await connectBus({ url: `nats://127.0.0.1:${proxy.port}`, name: 'hung', mayCreate: true });
    hung.consume({ consumer: CONSUMERS.toolCalls, concurrency: () => 4, handle: async () => ({ do: 'ack' }) });
    const bus = await connectBus({ url: server.url, name: 'spec' });
    await until(async () => (await bus.publish(SUBJECT, {}, { workflowId: 'wf' })).seq > 0 && (await bus.consumerState('CALLS', 'executor')).ackFloor > 0, 5_000);
    proxy.setWeather({ blackHole: 'both' });
    await new Promise((resolve) => setTimeout(resolve, 2_200));
    const seen: number[] = [];
    bus.consume({ consumer: CONSUMERS.toolCalls, concurrency: () => 1, handle: async (delivery) => (seen.push(delivery.deliveries), { do: 'ack' }) });
    for (let n = 0; n < 8; n += 1) await bus.publish(SUBJECT, { n }, { workflowId: 'wf' });
    await until(() => seen.length >= 8, 1_000);
    expect(seen).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
    proxy.heal();
    await Promise.all([hung.close(), bus.close()]);
    await proxy.stop();
    await server.stop();
  });
});
