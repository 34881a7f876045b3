import { connectBus, type Bus } from '@trivet/bus';
import { startNats, until, type TestServer } from '@trivet/testing';
import { startHandOver, type HandOver, type HandOverParts } from './hand-over.js';

const REF = { tenant: 'acme', workflowId: 'w1' };
const MESSAGE = { about: 'acme.w1', body: '{"said":"ö"}', headers: { 'Trivet-Delivery': 'RESULTS:1' } };
const OURS = { status: 'ours' };
const FAILED = { status: 'failed' };

describe('what belongs to another orchestrator', () => {
  let server: TestServer;
  let bus: Bus;
  let owner: string | null;
  const open: HandOver[] = [];
  beforeAll(async () => {
    server = await startNats();
    bus = await connectBus({ url: server.url, name: 'spec', inboxPrefix: '_INBOX_orchestrator' });
  });
  beforeEach(() => (owner = 'o1'));
  afterEach(() => void open.splice(0).forEach((each) => void each.stop()));
  afterAll(async () => {
    await bus.close();
    await server.stop();
  });

  function orchestrator(workerId: string, serve: HandOverParts['serve'] = () => Promise.resolve('done')): HandOver {
    const handOver = startHandOver({ bus, workerId, what: 'results', ownerOf: () => owner, withinMs: 500, serve });
    open.push(handOver);
    return handOver;
  }

  it('is done by that one, whole, and its answer comes back', async () => {
    const served: unknown[] = [];
    orchestrator('o1', async (about, { data, header }) => {
      served.push([about, Buffer.from(data).toString(), header('Trivet-Delivery'), header('X-Workflow-ID')]);
      return '{"ü":1}';
    });
    expect(await orchestrator('o2').give(REF, MESSAGE)).toEqual({ status: 'done', answer: '{"ü":1}' });
    expect(served).toEqual([['acme.w1', '{"said":"ö"}', 'RESULTS:1', 'w1']]);
  });

  it('is ours where the workflow is ours, nobody’s, or somebody’s whose name is none', async () => {
    const here = orchestrator('o2');
    for (owner of ['o2', null, '>', 'o1.x']) expect(await here.give(REF, MESSAGE)).toEqual(OURS);
  });

  it('is ours to do at once where that one is gone, and goes to it again later', async () => {
    await orchestrator('o1').stop();
    const here = orchestrator('o2');
    const began = performance.now();
    expect(await here.give(REF, MESSAGE)).toEqual(FAILED);
    expect(await here.give(REF, MESSAGE)).toEqual(OURS);
    expect(performance.now() - began).toBeLessThan(5_000);
    orchestrator('o1');
    await until(async () => (await here.give(REF, MESSAGE)).status === 'done', 10_000, () => 'it is given nothing any more');
  });

  it('is done before that one has stopped, which takes no more', async () => {
    let begun = (): void => undefined;
    let end = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => (begun = resolve));
    const other = orchestrator('o1', async () => {
      begun();
      await new Promise<void>((resolve) => (end = resolve));
      return 'done';
    });
    const given = orchestrator('o2').give(REF, MESSAGE);
    await hasBegun;
    let hasStopped = false;
    const stopped = other.stop().then(() => (hasStopped = true));
    expect(await orchestrator('o3').give(REF, MESSAGE)).toEqual(FAILED);
    expect(hasStopped).toBe(false);
    end();
    expect(await given).toMatchObject({ status: 'done' });
    await stopped;
  });

  it('is ours to do where that one cannot, or stands still', async () => {
    orchestrator('o1', () => Promise.reject(new Error('Redis is away')));
    expect(await orchestrator('o2').give(REF, MESSAGE)).toEqual(FAILED);
    owner = 'o3';
    orchestrator('o3', () => new Promise(() => undefined));
    expect(await orchestrator('o4').give(REF, MESSAGE)).toEqual(FAILED);
  });
});
