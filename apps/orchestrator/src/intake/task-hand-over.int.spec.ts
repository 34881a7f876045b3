import { connectBus, type Bus } from '@trivet/bus';
import { startNats, type TestServer } from '@trivet/testing';
import { asAsker, askedBy, type Asker } from '../access/asker.js';
import type { Submission } from './intake.js';
import { newIdHere, startTaskHandOver, type TaskHandOver } from './task-hand-over.js';

const REF = { tenant: 'acme', workflowId: 'w1' };
const SUBMISSION: Submission = { tenant: 'acme', body: { goal: 'x' }, source: 'http', actor: 'root', fallbackId: 'w1' };
const ASKER: Asker = { tenant: 'acme', role: 'write', actor: 'root', key: { id: 'k-1', name: 'root', tenant: 'default' }, reason: 'asked by phone' };

describe('tasks that belong to another orchestrator', () => {
  let server: TestServer;
  let bus: Bus;
  const open: TaskHandOver[] = [];
  beforeAll(async () => {
    server = await startNats();
    bus = await connectBus({ url: server.url, name: 'spec', inboxPrefix: '_INBOX_orchestrator' });
  });
  afterEach(() => void open.splice(0).forEach((each) => void each.stop()));
  afterAll(async () => {
    await bus.close();
    await server.stop();
  });

  function orchestrator(workerId: string, accept: Parameters<typeof startTaskHandOver>[1]): TaskHandOver {
    const handOver = startTaskHandOver({ bus, workerId, ownerOf: () => 'o1' }, accept);
    open.push(handOver);
    return handOver;
  }
  const never = (): Promise<never> => Promise.reject(new Error('not expected'));

  it('are accepted there in the name of whoever asked, with the key and the reason', async () => {
    const accepted: unknown[] = [];
    orchestrator('o1', async (ref, submission) => {
      accepted.push([ref, submission, askedBy('root')]);
      return { workflowId: ref.workflowId, status: 'accepted', duplicate: false };
    });
    const here = orchestrator('o2', never);
    expect(await asAsker(ASKER, () => here.give(REF, SUBMISSION))).toEqual({ workflowId: 'w1', status: 'accepted', duplicate: false });
    expect(await here.give(REF, { ...SUBMISSION, source: 'bus' })).toMatchObject({ duplicate: false });
    expect(accepted).toEqual([
      [REF, SUBMISSION, { keyId: 'k-1', reason: 'asked by phone' }],
      [REF, { ...SUBMISSION, source: 'bus' }, {}],
    ]);
  });

  it('that are refused there are ours to refuse', async () => {
    orchestrator('o1', never);
    expect(await orchestrator('o2', never).give(REF, SUBMISSION)).toBeNull();
  });

  it('get ids that fall into our own share', () => {
    const ownerOf = ({ workflowId }: { workflowId: string }): string => (/[0-7]$/.test(workflowId) ? 'o1' : 'o2');
    for (let count = 0; count < 50; count += 1) expect(newIdHere({ workerId: 'o2', ownerOf }, 'acme')).toMatch(/^[0-9a-f-]{35}[89a-f]$/);
    expect(newIdHere({ workerId: 'o3', ownerOf: () => null }, 'acme')).toMatch(/^[0-9a-f-]{36}$/);
  });
});
