import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { STREAMS, CONSUMERS } from '@trivet/contracts';
import { Redis } from 'ioredis';
import { canBind, freePort } from './free-port.js';
import { probeRedis } from './probe.js';
import { cacheDir } from './project-paths.js';
import { startServers, type Servers } from './servers.js';
import { until } from '../testing/processes.js';
import type { Principal } from './credentials.js';

const find = { searchPath: process.env['PATH'] ?? '', cacheDir };
let dir: string;
let servers: Servers;
const open: { close(): Promise<unknown> }[] = [];

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-servers-'));
  servers = await startServers({ dataDir: dir, find });
  const admin = await bus('orchestrator');
  const manager = await jetstreamManager(admin);
  await manager.streams.add({ name: 'CALLS', subjects: [...STREAMS.CALLS.subjects], retention: 'workqueue' });
  await manager.streams.add({ name: 'RESULTS', subjects: [...STREAMS.RESULTS.subjects], retention: 'workqueue' });
  await manager.streams.add({ name: 'EVENTS', subjects: [...STREAMS.EVENTS.subjects], allow_direct: true });
  await manager.streams.add({ name: 'TASKS', subjects: [...STREAMS.TASKS.subjects], retention: 'workqueue' });
  for (const { stream, durable, filter } of [CONSUMERS.toolCalls, CONSUMERS.modelCalls]) {
    await manager.consumers.add(stream, { durable_name: durable, filter_subject: filter, ack_policy: 'explicit' });
  }
});
afterAll(async () => {
  await Promise.all(open.map((connection) => connection.close()));
  await servers.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function bus(principal: Principal | 'public' | 'tools'): Promise<NatsConnection> {
  const target = new URL(principal === 'public' ? servers.publicNatsUrl : principal === 'tools' ? servers.toolsNatsUrl : servers.urls[principal].nats);
  const login = target.username ? { user: target.username, pass: target.password, inboxPrefix: `_INBOX_${principal}` } : {};
  const connection = await connect({ servers: target.host, ...login });
  open.push(connection);
  return connection;
}

/** Resolves to the permission error that the server reports for what `attempt` does, or to undefined when it goes through. */
async function refusal(connection: NatsConnection, attempt: () => void): Promise<string | undefined> {
  let reported: string | undefined;
  void (async () => {
    for await (const status of connection.status()) if (status.type === 'error') reported ??= String(status.error);
  })();
  attempt();
  await connection.flush();
  await connection.flush();
  return reported;
}

describe('the bus', () => {
  it('lets the executor take a call, answer it and ask the model', async () => {
    await jetstream(await bus('orchestrator')).publish('trivet.v1.tool.call.default.w1', '{}');
    const executor = jetstream(await bus('executor'));
    const consumer = await executor.consumers.get('CALLS', 'executor');
    const message = await consumer.next({ expires: 2000 });
    expect(message?.subject).toBe('trivet.v1.tool.call.default.w1');
    expect(await message?.ackAck()).toBe(true);
    expect((await executor.publish('trivet.v1.tool.result.default.w1', '{}')).stream).toBe('RESULTS');
    expect((await executor.publish('trivet.v1.model.call.default.w1', '{}')).stream).toBe('CALLS');
  });

  it('lets the model answer the executor directly', async () => {
    const [executor, model] = [await bus('executor'), await bus('model')];
    const inbox = executor.subscribe('_INBOX_executor.answer', { max: 1 });
    await executor.flush();
    model.publish('_INBOX_executor.answer', 'summary');
    for await (const message of inbox) expect(message.string()).toBe('summary');
  });

  it('lets a service answer a request at the asker’s own inbox', async () => {
    const executor = await bus('executor');
    executor.subscribe('$SRV.PING.executor', { callback: (_error, message) => void message.respond('here') });
    await executor.flush();
    expect((await (await bus('public')).request('$SRV.PING.executor')).string()).toBe('here');
    expect((await (await bus('orchestrator')).request('$SRV.PING.executor')).string()).toBe('here');
  });

  it('lets a service of the team answer a remote tool', async () => {
    const service = await bus('tools');
    service.subscribe('tools.orders', { queue: 'orders', callback: (_error, message) => void message.respond('{"total":1}') });
    await service.flush();
    expect((await (await bus('executor')).request('tools.orders', '{}')).string()).toBe('{"total":1}');
  });

  it('lets anybody submit, follow events and read the journal', async () => {
    const visitor = await bus('public');
    expect((await jetstream(visitor).publish('trivet.v1.task.submit.default', '{"goal":"x"}')).stream).toBe('TASKS');
    await jetstream(await bus('orchestrator')).publish('trivet.v1.event.default.w1.task.accepted', '{"seq":1}');
    const journal = await (await jetstreamManager(visitor)).direct.getBatch('EVENTS', { seq: 1, batch: 10, next_by_subj: 'trivet.v1.event.default.w1.>' });
    const read: string[] = [];
    for await (const event of journal) read.push(event.string());
    expect(read).toEqual(['{"seq":1}']);
  });

  it.each<[Principal | 'public' | 'tools', string]>([
    ['public', 'trivet.v1.tool.call.default.w1'],
    ['public', 'trivet.v1.model.result.default.w1'],
    ['public', 'trivet.v1.event.default.w1.workflow.completed'],
    ['public', '$JS.API.STREAM.DELETE.EVENTS'],
    ['public', '$JS.API.CONSUMER.CREATE.CALLS.x'],
    ['public', '$JS.API.CONSUMER.MSG.NEXT.CALLS.executor'],
    ['executor', 'trivet.v1.tool.call.default.w1'],
    ['executor', 'trivet.v1.model.result.default.w1'],
    ['executor', 'trivet.v1.event.default.w1.workflow.completed'],
    ['executor', '$JS.API.CONSUMER.MSG.NEXT.CALLS.model'],
    ['executor', '$JS.API.STREAM.PURGE.CALLS'],
    ['executor', 'orders.find'],
    ['model', 'tools.orders'],
    ['public', 'tools.orders'],
    ['tools', 'trivet.v1.tool.result.default.w1'],
    ['tools', '_INBOX_executor.x'],
    ['public', '_INBOX_orchestrator.results.o1.trivet.v1.tool.result.default.w1'],
    ['executor', '_INBOX_orchestrator.results.o1.trivet.v1.tool.result.default.w1'],
    ['tools', '$SRV.PING.executor'],
    ['tools', '$JS.API.STREAM.INFO.CALLS'],
    ['model', 'trivet.v1.tool.result.default.w1'],
    ['model', 'trivet.v1.model.call.default.w1'],
    ['model', '$JS.API.STREAM.CREATE.MINE'],
  ])('refuses %s to publish %s', async (principal, subject) => {
    const connection = await bus(principal);
    expect(await refusal(connection, () => connection.publish(subject, '{}'))).toMatch(/permissions violation/i);
  });

  it.each<[Principal | 'public' | 'tools', string]>([
    ['public', '>'],
    ['public', 'trivet.v1.tool.call.>'],
    ['public', '_INBOX_orchestrator.>'],
    ['executor', 'trivet.v1.model.call.>'],
    ['executor', '_INBOX_model.>'],
    ['executor', 'tools.>'],
    ['public', 'tools.>'],
    ['tools', 'trivet.v1.event.>'],
    ['tools', '$SRV.PING.executor.>'],
    ['tools', '_INBOX_executor.>'],
    ['model', 'trivet.v1.tool.result.>'],
  ])('refuses %s to subscribe to %s', async (principal, subject) => {
    const connection = await bus(principal);
    expect(await refusal(connection, () => connection.subscribe(subject, { callback: () => undefined }))).toMatch(/permissions violation/i);
  });

  it('refuses a wrong password', async () => {
    await expect(connect({ servers: new URL(servers.publicNatsUrl).host, user: 'executor', pass: 'guessed' })).rejects.toThrow(/authorization violation/i);
  });
});

describe('redis', () => {
  function client(url: string): Redis {
    const connection = new Redis(url, { retryStrategy: () => null, maxRetriesPerRequest: 0 });
    connection.on('error', () => undefined);
    open.push({ close: async () => connection.disconnect() });
    return connection;
  }

  it('writes every answer to disk first and forgets nothing by itself', async () => {
    expect((await probeRedis(servers.urls.orchestrator.redis)).appendFsync).toBe('always');
    expect(await client(servers.urls.orchestrator.redis).config('GET', 'maxmemory-policy')).toEqual(['maxmemory-policy', 'noeviction']);
  });

  it('lets a worker claim, by script too', async () => {
    const executor = client(servers.urls.executor.redis);
    expect(await executor.set('{w3}:claim:c1', 'executor-1')).toBe('OK');
    expect(await executor.eval("return redis.call('get', KEYS[1])", 1, '{w3}:claim:c1')).toBe('executor-1');
    expect(await client(servers.urls.model.redis).set('{ledger}:reservation:c1', '1')).toBe('OK');
  });

  it('lets the executor read the policies of tenants', async () => {
    await client(servers.urls.orchestrator.redis).hset('{limits}:policies', 'acme', '{}');
    expect(await client(servers.urls.executor.redis).hget('{limits}:policies', 'acme')).toBe('{}');
  });

  it('lets the executor keep state for tools', async () => {
    const executor = client(servers.urls.executor.redis);
    expect(await executor.hset('{w3}:kv:acme:wf', 'a', '1')).toBe(1);
    expect(await executor.eval("redis.call('pexpire', KEYS[1], 60000); return redis.call('hkeys', KEYS[1])", 1, '{w3}:kv:acme:wf')).toEqual(['a']);
  });

  it('lets the executor keep what tools remember, the model tier not', async () => {
    const executor = client(servers.urls.executor.redis);
    expect(await executor.eval("redis.call('hset', KEYS[1], 'a', '1'); redis.call('zadd', KEYS[2], 1, 'a'); return redis.call('unlink', KEYS[1], KEYS[2])", 2, '{memory}:heads:acme:memory', '{memory}:changes:acme:memory')).toBe(2);
    await expect(client(servers.urls.model.redis).hget('{memory}:heads:acme:memory', 'a')).rejects.toThrow('NOPERM');
  });

  it.each<['executor' | 'model', string, string[]]>([
    ['executor', 'set', ['{w3}:workflow:x', '1']],
    ['executor', 'hset', ['{limits}:policies', 'acme', '{}']],
    ['executor', 'del', ['{limits}:policies']],
    ['executor', 'eval', ["return redis.call('hdel', KEYS[1], 'acme')", '1', '{limits}:policies']],
    ['executor', 'copy', ['{limits}:policies', '{limits}:other']],
    ['model', 'hget', ['{limits}:policies', 'acme']],
    ['executor', 'hset', ['{w3}:wf:acme:wf', 'status', 'completed']],
    ['model', 'hget', ['{w3}:kv:acme:wf', 'a']],
    ['executor', 'set', ['{ledger}:account:global', '0']],
    ['executor', 'eval', ["return redis.call('get', '{w3}:workflow:x')", '0']],
    ['executor', 'config', ['SET', 'appendfsync', 'no']],
    ['executor', 'acl', ['getuser', 'orchestrator']],
    ['executor', 'flushall', []],
    ['executor', 'keys', ['*']],
    ['executor', 'scan', ['0']],
    ['executor', 'rename', ['{w3}:claim:c1', '{w3}:workflow:x']],
    ['model', 'restore', ['{ledger}:x', '0', 'x']],
    ['executor', 'client', ['kill', 'type', 'normal']],
    ['model', 'set', ['{w3}:workflow:x', '1']],
    ['model', 'acl', ['list']],
  ])('refuses %s to %s %j', async (service, command, args) => {
    await expect(client(servers.urls[service].redis).call(command, ...args)).rejects.toThrow(/NOPERM|no permissions|can't access|cannot access/i);
  });

  it('refuses who does not log in', async () => {
    await expect(probeRedis(`redis://127.0.0.1:${servers.redis?.port}`)).rejects.toThrow(/NOAUTH/);
  });
});

describe('startServers', () => {
  it('takes another port when the wanted one is taken', async () => {
    const taken = servers.nats?.port;
    const other = mkdtempSync(join(tmpdir(), 'trivet-servers-'));
    const second = await startServers({ dataDir: other, natsPort: taken, redisPort: servers.redis?.port, find });
    expect(second.nats?.port).not.toBe(taken);
    await second.stop();
    rmSync(other, { recursive: true, force: true });
  });

  it('keeps the passwords where only their owner reads them', () => {
    expect(statSync(join(dir, 'credentials.json')).mode & 0o077).toBe(0);
  });

  it('starts a server that died again, with its data, and leaves the ports free at the end', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'trivet-servers-'));
    const wanted = { natsPort: await freePort(), redisPort: await freePort() };
    const own = await startServers({ dataDir: folder, ...wanted, find });
    const pid = own.redis?.pid;
    await own.redis?.kill();
    await until(() => own.redis?.pid !== pid);
    await until(() => probeRedis(own.urls.orchestrator.redis).then(() => true, () => false));
    await own.stop();
    expect([await canBind(wanted.natsPort), await canBind(wanted.redisPort)]).toEqual([true, true]);
    rmSync(folder, { recursive: true, force: true });
  });
});
