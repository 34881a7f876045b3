import fc from 'fast-check';
import { connectRedis, createCallQueue, createClaims, createWorkflowStore, type Change, type Redis } from '../index.js';
import { partitionOfRef } from '../keys.js';
import { startRedis, type TestServer } from '@trivet/testing';

/**
 * The dispatch and claim scripts against a TypeScript model of what they promise: random sequences of operations by
 * several workers on a few calls of one workflow; every reply and the state after it must be the model's.
 */

const WORKERS = ['w1', 'w2', 'w3'] as const;
const CALLS = ['c0', 'c1', 'c2', 'c3'] as const;

type Operation =
  | { op: 'schedule'; call: string }
  | { op: 'deal'; most: number }
  | { op: 'claim'; call: string; worker: string }
  | { op: 'release'; call: string; worker: string; to: 'open' | 'reported' }
  | { op: 'close'; call: string }
  | { op: 'lose'; call: string; worker: string };

interface ModelCall {
  queued: boolean;
  sent: boolean;
  claim: { status: 'open' | 'held' | 'reported' | 'done'; worker: string | null; epoch: number };
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ op: fc.constant('schedule' as const), call: fc.constantFrom(...CALLS) }),
  fc.record({ op: fc.constant('deal' as const), most: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ op: fc.constant('claim' as const), call: fc.constantFrom(...CALLS), worker: fc.constantFrom(...WORKERS) }),
  fc.record({ op: fc.constant('release' as const), call: fc.constantFrom(...CALLS), worker: fc.constantFrom(...WORKERS), to: fc.constantFrom('open' as const, 'reported' as const) }),
  fc.record({ op: fc.constant('close' as const), call: fc.constantFrom(...CALLS) }),
  fc.record({ op: fc.constant('lose' as const), call: fc.constantFrom(...CALLS), worker: fc.constantFrom(...WORKERS) }),
);

let server: TestServer;
let redis: Redis;
let runs = 0;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

/** One workflow under test, with the model beside it. */
function createSubject() {
  const ref = { tenant: `t${runs++}`, workflowId: 'wf' };
  const store = createWorkflowStore(redis);
  const queue = createCallQueue(redis);
  const claims = createClaims(redis);
  const calls = new Map<string, ModelCall>();
  const order: string[] = [];
  let first: string | null = null;
  let version = 0;
  let opId = 0;

  async function commit(rest: Partial<Change>): Promise<string> {
    const outcome = await store.commit({
      ref, expectedVersion: version, opId: String(opId++), head: '{}', status: 'running', steps: {}, events: [], seq: 0, chain: '', schedule: [], close: [], reopen: [], timers: [], clearTimers: [], asked: [], answered: [], nowMs: 1,
      ...(version === 0 ? { created: { task: '{}', hash: 'h', createdMs: 1 } } : {}), ...rest,
    });
    if (outcome.status === 'committed') version = outcome.version;
    return outcome.status;
  }
  const dispatch = { tier: 'tool', priority: 'normal' } as const;

  async function check(operation: Operation): Promise<void> {
    const call = 'call' in operation ? calls.get(operation.call) : undefined;
    switch (operation.op) {
      case 'schedule': {
        if (call) return;
        expect(await commit({ schedule: [{ callId: operation.call, spec: `{"tier":"tool","call":"${operation.call}"}`, ...dispatch }] })).toBe('committed');
        // The only call of its tenant stands in no line.
        const isFirst = order.length === 0 && first === null;
        if (isFirst) first = operation.call;
        else order.push(operation.call);
        calls.set(operation.call, { queued: !isFirst, sent: isFirst, claim: { status: 'open', worker: null, epoch: 0 } });
        return;
      }
      case 'deal': {
        const dealt = await queue.deal(partitionOfRef(ref), 'tool', operation.most);
        const expected = order.splice(0, operation.most);
        expect(dealt.map((each) => each.callId)).toEqual(expected);
        for (const id of expected) Object.assign(calls.get(id) ?? {}, { queued: false, sent: true });
        return;
      }
      case 'claim': {
        const reply = await claims.claim(ref, operation.call, operation.worker);
        if (!call || call.claim.status === 'done') return expect(reply).toEqual({ status: 'unknown' });
        if (call.claim.status === 'reported') return expect(reply).toEqual({ status: 'done' });
        if (call.claim.status === 'held' && call.claim.worker !== operation.worker) return expect(reply).toEqual({ status: 'busy', worker: call.claim.worker });
        call.claim = { status: 'held', worker: operation.worker, epoch: call.claim.epoch + 1 };
        return expect(reply).toEqual({ status: 'claimed', epoch: call.claim.epoch });
      }
      case 'release': {
        await claims.release(ref, operation.call, operation.worker, call?.claim.epoch ?? 0, operation.to === 'open' ? 'open' : { reported: 7 });
        if (call?.claim.status !== 'held' || call.claim.worker !== operation.worker) return;
        call.claim = operation.to === 'open' ? { ...call.claim, status: 'open', worker: null } : { ...call.claim, status: 'reported' };
        return;
      }
      case 'close': {
        if (!call || call.claim.status === 'done') return;
        expect(await commit({ close: [{ callId: operation.call, ...dispatch }] })).toBe('committed');
        if (call.queued) order.splice(order.indexOf(operation.call), 1);
        if (first === operation.call) first = null;
        Object.assign(call, { queued: false, sent: false, claim: { ...call.claim, status: 'done' } });
        return;
      }
      case 'lose': {
        const epoch = call?.claim.epoch ?? 0;
        const outcome = await commit({ reopen: [{ callId: operation.call, worker: operation.worker, epoch, ...dispatch }] });
        if ((call?.claim.status !== 'held' && call?.claim.status !== 'reported') || call.claim.worker !== operation.worker) return expect(outcome).toBe('guarded');
        expect(outcome).toBe('committed');
        if (!call.queued) order.unshift(operation.call);
        else order.splice(0, order.length, operation.call, ...order.filter((id) => id !== operation.call));
        Object.assign(call, { queued: true, sent: false, claim: { status: 'open', worker: null, epoch } });
        return;
      }
      default:
        return operation satisfies never;
    }
  }

  async function checkState(): Promise<void> {
    for (const [id, call] of calls) {
      const claim = await claims.read(ref, id);
      // A call that has ended is known to nobody any more.
      if (call.claim.status === 'done') expect(claim).toBeNull();
      else expect(claim).toMatchObject({ status: call.claim.status, epoch: call.claim.epoch });
    }
    const sent = [...calls.values()].filter((call) => call.sent).length;
    expect(await redis.scard(`{w${partitionOfRef(ref)}}:sent:tool`)).toBe(sent);
  }
  return { check, checkState };
}

describe('calls in Redis', () => {
  it('behave as their model, whatever the order of operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 5, maxLength: 60 }), async (operations) => {
        await redis.flushall();
        const subject = createSubject();
        for (const each of operations) {
          await subject.check(each);
          await subject.checkState();
        }
      }),
      { numRuns: 150 },
    );
  });
});
