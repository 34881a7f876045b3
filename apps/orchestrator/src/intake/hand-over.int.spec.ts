import { connectBus, subjects, type Bus, type Delivery } from '@trivet/bus';
import { HEADERS } from '@trivet/contracts';
import { startNats, type TestServer } from '@trivet/testing';
import { startHandOver, type HandOver } from './hand-over.js';
import type { ResultMessage } from './results.js';

const SUBJECT = subjects.toolResult('acme', 'w1');

describe('results that came to another orchestrator than made the call', () => {
  let server: TestServer;
  let bus: Bus;
  const open: HandOver[] = [];
  beforeAll(async () => {
    server = await startNats();
    bus = await connectBus({ url: server.url, name: 'spec', inboxPrefix: '_INBOX_orchestrator' });
  });
  afterEach(() => open.splice(0).forEach((each) => each.stop()));
  afterAll(async () => {
    await bus.close();
    await server.stop();
  });

  function orchestrator(workerId: string, apply: (message: ResultMessage) => Promise<void> = () => Promise.resolve()): HandOver {
    const handOver = startHandOver({ bus, workerId, results: { apply } });
    open.push(handOver);
    return handOver;
  }
  const result = (owner: string | undefined, deliveries = 1): Delivery => {
    const headers: Record<string, string | undefined> = { [HEADERS.orchestrator]: owner, [HEADERS.workflowId]: 'w1' };
    return { subject: SUBJECT, data: Buffer.from('{"output":"ö"}'), header: (name) => headers[name], headerNames: () => Object.keys(headers), headers: undefined, stream: 'RESULTS', streamSeq: 1, deliveries, id: 'RESULTS 1' };
  };

  it('are applied by that one, whole', async () => {
    const applied: unknown[] = [];
    orchestrator('o1', async ({ id, subject, data, header, deliveries }) => void applied.push([id, subject, Buffer.from(data).toString(), header(HEADERS.workflowId), deliveries]));
    expect(await orchestrator('o2').offer(result('o1'))).toBeNull();
    expect(applied).toEqual([['RESULTS 1', SUBJECT, '{"output":"ö"}', 'w1', 1]]);
  });

  it('are ours where it is our own call, nobody’s, or delivered again', async () => {
    orchestrator('o1', () => Promise.reject(new Error('not expected')));
    const here = orchestrator('o2');
    for (const each of [result('o2'), result(undefined), result('o1', 2), result('>'), result('o1.>')]) expect(await here.offer(each)).toMatchObject({ id: 'RESULTS 1' });
  });

  it('are ours at once where that one is gone', async () => {
    const gone = orchestrator('o1');
    const here = orchestrator('o2');
    gone.stop();
    const began = performance.now();
    expect(await here.offer(result('o1'))).toMatchObject({ id: 'RESULTS 1:again' });
    expect(performance.now() - began).toBeLessThan(5_000);
  });

  it('are ours where that one cannot apply them, and it is left in peace for a while', async () => {
    let asked = 0;
    orchestrator('o1', () => {
      asked += 1;
      return asked === 1 ? Promise.reject(new Error('Redis is away')) : Promise.resolve();
    });
    const here = orchestrator('o2');
    expect(await here.offer(result('o1'))).toMatchObject({ id: 'RESULTS 1:again' });
    expect(await here.offer(result('o1'))).toMatchObject({ id: 'RESULTS 1' });
    expect(asked).toBe(1);
  });

  it('are ours where that one stands still', async () => {
    orchestrator('o1', () => new Promise(() => undefined));
    expect(await orchestrator('o2').offer(result('o1'))).toMatchObject({ id: 'RESULTS 1:again' });
  });
});
