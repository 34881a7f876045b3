import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { STREAMS } from '@trivet/contracts';
import { cacheDir } from './project-paths.js';
import { startServers, type Servers } from './servers.js';
import { until } from '../testing/processes.js';
import type { Principal } from './credentials.js';

const STREAM_NAMES = ['TASKS', 'EVENTS', 'DEAD'] as const;
/** The answer of the rpc in these tests: what the server takes for a request to purge all before the third message. */
const ANSWER = '{"stream":"EVENTS","seq":3}';

let dir: string;
let servers: Servers;
let orchestrator: NatsConnection;
let bootstrap: NatsConnection;
let visitor: NatsConnection;
let manager: JetStreamManager;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), 'trivet-accounts-'));
  servers = await startServers({ dataDir: dir, find: { searchPath: process.env['PATH'] ?? '', cacheDir } });
  orchestrator = await login('orchestrator');
  bootstrap = await login('bootstrap');
  visitor = await connect({ servers: new URL(servers.publicNatsUrl).host });
  manager = await jetstreamManager(orchestrator);
  for (const name of STREAM_NAMES) await manager.streams.add({ name, subjects: [...STREAMS[name].subjects], allow_direct: true });
  await manager.consumers.add('EVENTS', { durable_name: 'reader', ack_policy: 'none' });
  for (const seq of [1, 2, 3, 4, 5]) {
    await jetstream(orchestrator).publish('trivet.v1.event.default.w1.task.accepted', `{"seq":${seq}}`);
    await jetstream(orchestrator).publish('trivet.v1.dead.CALLS', '{}');
  }
  for (const service of [orchestrator, bootstrap]) service.subscribe('$SRV.PING', { callback: (_error, message) => void message.respond('{}') });
  orchestrator.subscribe('trivet.v1.rpc.*', { callback: (_error, message) => void message.respond(ANSWER) });
  await Promise.all([orchestrator.flush(), bootstrap.flush()]);
});
afterAll(async () => {
  await Promise.all([orchestrator, bootstrap, visitor].map((connection) => connection.close()));
  await servers.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function login(principal: Principal): Promise<NatsConnection> {
  const target = new URL(servers.urls[principal].nats);
  return connect({ servers: target.host, user: target.username, pass: target.password, inboxPrefix: `_INBOX_${principal}` });
}

async function counts(): Promise<Record<string, number>> {
  const entries = await Promise.all(STREAM_NAMES.map(async (name) => [name, (await manager.streams.info(name)).state.messages] as const));
  return Object.fromEntries(entries);
}

describe('a client without credentials that names a reply subject of its choice', () => {
  const REQUESTS: [subject: string, payload: string][] = [
    ['trivet.v1.task.submit.default', '{}'],
    ['trivet.v1.rpc.workflow', '{}'],
    ['$SRV.PING', ''],
    ['$JS.API.INFO', ''],
    ['$JS.API.STREAM.INFO.EVENTS', ''],
    ['$JS.API.STREAM.MSG.GET.EVENTS', '{"seq":4}'],
    ['$JS.API.DIRECT.GET.EVENTS', '{"seq":4}'],
    ['$JS.API.DIRECT.GET.EVENTS.trivet.v1.event.default.w1.task.accepted', ''],
    ['$JS.API.CONSUMER.MSG.NEXT.EVENTS.reader', '{"batch":1,"no_wait":true}'],
  ];
  const REPLIES = [
    '$JS.API.STREAM.PURGE.EVENTS',
    '$JS.API.STREAM.DELETE.DEAD',
    '$JS.API.CONSUMER.DELETE.EVENTS.reader',
    'trivet.v1.call.cancel.default.w1',
    'trivet.v1.model.result.default.w1',
    'trivet.v1.event.default.w1.workflow.completed',
    'trivet.v1.dead.CALLS',
  ];

  it.each(REQUESTS.flatMap(([subject, payload]) => REPLIES.map((reply): [string, string, string] => [subject, reply, payload])))('%s does not reach %s', async (subject, reply, payload) => {
    const before = await counts();
    const heard: string[] = [];
    const ear = bootstrap.subscribe(reply, { callback: (_error, message) => void heard.push(message.string()) });
    await bootstrap.flush();
    visitor.publish(subject, payload, { reply });
    await settled();
    ear.unsubscribe();
    expect(heard).toEqual([]);
    const submitted = subject.startsWith('trivet.v1.task.submit') ? 1 : 0;
    expect(await counts()).toEqual({ ...before, TASKS: (before['TASKS'] ?? 0) + submitted });
    expect((await manager.consumers.info('EVENTS', 'reader')).name).toBe('reader');
  });

  /** What the visitor sent before is answered by now, at every place that could answer it: the same ways were gone once more. */
  async function settled(): Promise<void> {
    await visitor.flush();
    await visitor.request('trivet.v1.rpc.workflow', '{}');
    await (await jetstreamManager(visitor)).direct.getMessage('EVENTS', { seq: 1 });
    await manager.streams.info('EVENTS');
    await Promise.all([orchestrator.flush(), bootstrap.flush()]);
  }

  it('is heard there when it is in the account of the services, so that the silence above means something', async () => {
    const heard: string[] = [];
    const ear = bootstrap.subscribe('trivet.v1.call.cancel.default.w1', { callback: (_error, message) => void heard.push(message.string()) });
    await bootstrap.flush();
    orchestrator.publish('trivet.v1.rpc.workflow', '{}', { reply: 'trivet.v1.call.cancel.default.w1' });
    await until(() => heard.length > 0);
    ear.unsubscribe();
    expect(heard).toEqual([ANSWER]);
  });
});

describe('a client without credentials', () => {
  it('submits by a plain publish', async () => {
    const { TASKS = 0 } = await counts();
    visitor.publish('trivet.v1.task.submit.default', '{}');
    await until(async () => (await counts())['TASKS'] === TASKS + 1);
  });

  it('submits by a request and gets the acknowledgement', async () => {
    const { TASKS = 0 } = await counts();
    expect((await visitor.request('trivet.v1.task.submit.default', '{}')).json()).toMatchObject({ stream: 'TASKS' });
    expect((await counts())['TASKS']).toBe(TASKS + 1);
  });

  it('submits the same task twice and it is kept once', async () => {
    const { TASKS = 0 } = await counts();
    const submit = () => jetstream(visitor).publish('trivet.v1.task.submit.default', '{}', { msgID: 'same' });
    expect([(await submit()).duplicate, (await submit()).duplicate]).toEqual([false, true]);
    expect((await counts())['TASKS']).toBe(TASKS + 1);
  });

  it('asks by rpc', async () => {
    expect((await visitor.request('trivet.v1.rpc.workflow', '{}')).string()).toBe(ANSWER);
  });

  it('learns at once that nobody serves an rpc', async () => {
    await expect(visitor.request('trivet.v1.rpc.nobody.serves', '{}', { timeout: 2000 })).rejects.toThrow(/no responders/i);
  });

  it('pings and hears every service', async () => {
    const answers: string[] = [];
    for await (const answer of await visitor.requestMany('$SRV.PING', '', { strategy: 'count', maxMessages: 2, maxWait: 2000 })) answers.push(answer.string());
    expect(answers).toEqual(['{}', '{}']);
  });

  it.each(['trivet.v1.event.default.w2.task.accepted', 'trivet.v1.delta.default.w2.c1'])('hears %s', async (subject) => {
    const heard: string[] = [];
    const ear = visitor.subscribe(subject.replace(/w2\..*/, 'w2.>'), { callback: (_error, message) => void heard.push(message.subject) });
    await visitor.flush();
    orchestrator.publish(subject, '{}');
    await until(() => heard.length > 0);
    ear.unsubscribe();
    expect(heard).toEqual([subject]);
  });

  it('reads EVENTS from the start by an ordered consumer, and by one that acknowledges', async () => {
    const ordered = await jetstream(visitor).consumers.get('EVENTS', { filter_subjects: 'trivet.v1.event.default.w1.>' });
    const read: string[] = [];
    for await (const event of await ordered.fetch({ max_messages: 5, expires: 3_000 })) read.push(event.string());
    expect(read).toEqual([1, 2, 3, 4, 5].map((seq) => `{"seq":${seq}}`));
    const visitors = await jetstreamManager(visitor);
    await visitors.consumers.add('EVENTS', { durable_name: 'visitors', ack_policy: 'explicit', filter_subject: 'trivet.v1.event.default.w1.>' });
    const first = await (await jetstream(visitor).consumers.get('EVENTS', 'visitors')).next({ expires: 3_000 });
    expect(await first?.ackAck()).toBe(true);
    expect((await visitors.consumers.info('EVENTS', 'visitors')).ack_floor.consumer_seq).toBe(1);
    expect(await visitors.consumers.delete('EVENTS', 'visitors')).toBe(true);
  });

  it('reads EVENTS from the start, many at a time', async () => {
    const read: string[] = [];
    const { direct } = await jetstreamManager(visitor);
    for await (const event of await direct.getBatch('EVENTS', { seq: 1, batch: 5, next_by_subj: 'trivet.v1.event.default.w1.>' })) read.push(event.string());
    expect(read).toEqual([1, 2, 3, 4, 5].map((seq) => `{"seq":${seq}}`));
    expect((await direct.getMessage('EVENTS', { seq: 2 }))?.string()).toBe('{"seq":2}');
  });
});
