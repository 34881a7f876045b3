import { createCallQueue, createClaims, createJournalState, createWorkflowStore, connectRedis, formatMember, keys, partitionOfRef, redisTimeMs, type CallQueue, type Change, type Claims, type JournalState, type Redis, type WorkflowRef, type WorkflowStore } from '@trivet/state';
import { startRedis, type TestServer } from '@trivet/testing';
import fc from 'fast-check';
import { createMemoryLedger, type MemoryLedger } from './ledger.js';
import { SAFEGUARDS, type Safeguards } from './safeguards.js';
import { createTables } from './tables.js';

/** Each operation on the scripts of libs/state and on the ledger in memory: the same answers, and the same in every key. */

const REFS: readonly WorkflowRef[] = [{ tenant: 't1', workflowId: 'wf-a' }, { tenant: 't1', workflowId: 'wf-b' }, { tenant: 't2', workflowId: 'wf-a' }];
const CALLS = ['c1', 'c2', 'c3'] as const;
const WORKERS = ['w1', 'w2'] as const;
const PRIORITIES = ['high', 'normal', 'low'] as const;
const LATER_MS = 10_000_000;

const ref = fc.constantFrom(...REFS);
const call = fc.constantFrom(...CALLS);
const worker = fc.constantFrom(...WORKERS);
const tier = fc.constantFrom('tool' as const, 'model' as const);
const each = fc.record({ callId: call, tier, priority: fc.constantFrom(...PRIORITIES) });
const few = <Value>(value: fc.Arbitrary<Value>): fc.Arbitrary<Value[]> => fc.array(value, { maxLength: 2 });
const approval = fc.record({ approvalId: fc.constantFrom('a1', 'a2'), stepId: fc.constant('s') });

const change = fc.record({
  ref,
  /** Of a version that is not the stored one, or an op that was done before. */
  versionOff: fc.constantFrom(0, 0, 0, 0, 1, -1),
  opId: fc.integer({ min: 0, max: 40 }).map(String),
  status: fc.constantFrom('running', 'running', 'completed'),
  events: fc.integer({ min: 0, max: 2 }),
  seqOff: fc.constantFrom(0, 0, 0, 0, 0, 1),
  steps: few(fc.constantFrom('s1', 's2')),
  schedule: few(fc.tuple(each, fc.constantFrom(false, false, true)).map(([one, direct]) => ({ ...one, direct }))),
  close: few(each),
  reopen: few(fc.record({ callId: call, tier, priority: fc.constantFrom(...PRIORITIES), worker, epoch: fc.integer({ min: 0, max: 3 }) })),
  lost: fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.record({ callId: call, worker, epoch: fc.integer({ min: 0, max: 3 }) }) }),
  timers: few(fc.record({ timer: fc.constantFrom('x', 'y'), delayMs: fc.constantFrom(0, LATER_MS) })),
  clearTimers: few(fc.constantFrom('x', 'y')),
  asked: few(approval),
  answered: few(approval),
});
type DrawnChange = typeof change extends fc.Arbitrary<infer Drawn> ? Drawn : never;

const stream = fc.record({ incarnation: fc.constantFrom('i1', 'i2'), ackFloor: fc.integer({ min: 0, max: 6 }) });
const partitions = REFS.map(partitionOfRef);
const partition = fc.constantFrom(...partitions);

/** One operation, asked of either side. */
interface Side {
  store: Pick<WorkflowStore, 'commit' | 'load' | 'loadSince' | 'readEvents'>;
  queue: CallQueue;
  claims: Pick<Claims, 'claim' | 'release' | 'read' | 'heldBy'>;
  journal: JournalState;
  /** Sets back the clock of something that is due later. */
  makeDue: (member: string, ref: WorkflowRef) => Promise<void>;
}
type Ask = (side: Side, known: { version: number; seq: number }) => Promise<unknown>;
interface Operation {
  name: string;
  ref: WorkflowRef;
  ask: Ask;
}

const operation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 4, arbitrary: change.map((drawn): Operation => ({ name: `commit ${JSON.stringify(drawn)}`, ref: drawn.ref, ask: (side, known) => side.store.commit(changeFrom(drawn, known)).then(withoutTime) })) },
  fc.tuple(partition, tier, fc.integer({ min: 1, max: 3 }), fc.boolean(), fc.integer({ min: 1, max: 2 })).map(([at, which, most, lowestFirst, weight]): Operation => ({ name: `deal ${at} ${which} ${most}`, ref: REFS[0] ?? { tenant: '', workflowId: '' }, ask: (side) => side.queue.deal(at, which, most, { weights: new Map([['t1', weight]]), lowestFirst }) })),
  { weight: 2, arbitrary: fc.tuple(ref, call, fc.integer({ min: 1, max: 6 }), fc.constantFrom('i1', 'i2')).map(([of, id, seq, incarnation]): Operation => ({ name: `confirm ${id}`, ref: of, ask: (side: Side) => side.queue.confirm(of, id, seq, incarnation) })) },
  partition.map((at): Operation => ({ name: `sweep ${at}`, ref: REFS[0] ?? { tenant: '', workflowId: '' }, ask: async (side) => (await side.queue.sweep(at, 100)).map(({ hiddenUntil: _, ...member }) => JSON.stringify(member)).sort() })),
  fc.tuple(ref, call, tier, fc.constantFrom(0, LATER_MS)).map(([of, id, which, delayMs]) => ({ name: `set aside ${id} ${which}`, ref: of, ask: (side: Side) => side.queue.setAside(of, id, which, delayMs) })),
  { weight: 2, arbitrary: fc.tuple(ref, call, tier, stream).map(([of, id, which, state]): Operation => ({ name: `inspect ${id}`, ref: of, ask: (side: Side) => side.queue.inspect(of, id, which, state) })) },
  fc.tuple(ref, call, worker, fc.boolean()).map(([of, id, who, child]) => ({ name: `claim ${id} ${who}`, ref: of, ask: (side: Side) => side.claims.claim(of, id, who, { child }) })),
  fc.tuple(ref, call, worker, fc.integer({ min: 1, max: 2 }), fc.constantFrom<'done' | 'open' | 'again' | { reported: number }>('done', 'open', 'again', { reported: 5 })).map(([of, id, who, epoch, to]) => ({ name: `release ${id} ${who} ${epoch}`, ref: of, ask: (side: Side) => side.claims.release(of, id, who, epoch, to) })),
  fc.tuple(ref, call).map(([of, id]) => ({ name: `read claim ${id}`, ref: of, ask: async (side: Side) => ({ ...(await side.claims.read(of, id)), claimedAtMs: 0, tier: await side.queue.tierOf(of, id) }) })),
  fc.tuple(ref, worker).map(([of, who]) => ({ name: `held by ${who}`, ref: of, ask: async (side: Side) => (await side.claims.heldBy(who)).map((held) => JSON.stringify(held)).sort() })),
  fc.tuple(ref, fc.integer({ min: 0, max: 4 })).map(([of, seq]) => ({ name: `load since ${seq}`, ref: of, ask: async (side: Side) => ({ since: await side.store.loadSince(of, seq), all: await side.store.load(of), events: await side.store.readEvents(of, seq, 2) }) })),
  fc.tuple(ref, fc.integer({ min: 0, max: 4 })).map(([of, upTo]) => ({ name: `journaled ${upTo}`, ref: of, ask: async (side: Side) => (await side.journal.markJournaled(partitionOfRef(of), of, upTo), side.journal.journaledUpTo(of)) })),
  fc.tuple(ref, fc.constantFrom(0, LATER_MS)).map(([of, age]) => ({ name: `waiting ${age}`, ref: of, ask: async (side: Side) => (await side.journal.waiting(partitionOfRef(of), 100, age)).map((waiting) => JSON.stringify(waiting)).sort() })),
  fc.tuple(partition, worker).map(([at, who]): Operation => ({ name: `lease ${at} ${who}`, ref: REFS[0] ?? { tenant: '', workflowId: '' }, ask: (side) => side.journal.giveUp(at, who) })),
  fc.tuple(ref, fc.constantFrom('x', 'y')).map(([of, timer]) => ({ name: `drop ${timer}`, ref: of, ask: (side: Side) => side.queue.dropTimer(of, timer, 1_000) })),
  fc.tuple(ref, fc.constantFrom('c|c1', 'c|c2', 't|x', 't|y')).map(([of, what]) => ({ name: `make due ${what}`, ref: of, ask: (side: Side) => side.makeDue(memberOf(of, what), of) })),
  tier.map((which): Operation => ({ name: `depth ${which}`, ref: REFS[0] ?? { tenant: '', workflowId: '' }, ask: (side) => side.queue.depth(which) })),
);

const memberOf = (of: WorkflowRef, what: string): string => (what.startsWith('c') ? formatMember({ kind: 'call', ref: of, callId: what.slice(2) }) : formatMember({ kind: 'timer', ref: of, timer: what.slice(2) }));
const withoutTime = (outcome: object): object => ({ ...outcome, nowMs: 0 });

function changeFrom(drawn: DrawnChange, known: { version: number; seq: number }): Change {
  const expectedVersion = Math.max(0, known.version + drawn.versionOff);
  const { ref: of, opId, status, steps, schedule, close, reopen, lost, timers, clearTimers, asked, answered } = drawn;
  const events = Array.from({ length: drawn.events }, (_, index) => JSON.stringify({ seq: known.seq + index + 1, hash: `h${known.seq + index + 1}` }));
  return {
    ref: of, expectedVersion, opId, head: '{}', status, steps: Object.fromEntries(steps.map((id) => [id, `{"id":"${id}"}`])), events,
    seq: known.seq + events.length + drawn.seqOff, chain: 'c', close, reopen, timers, clearTimers, asked, answered, nowMs: 7,
    schedule: schedule.map((one) => ({ ...one, spec: JSON.stringify({ tier: one.tier, call: one.callId }) })),
    ...(lost ? { lost } : {}),
    ...(expectedVersion === 0 ? { created: { task: '{}', hash: 'h', createdMs: 5 } } : {}),
    ...(status === 'completed' ? { finished: { hash: 'h', keepMs: LATER_MS, tombstoneMs: LATER_MS } } : {}),
  };
}

let server: TestServer;
let redis: Redis;
let nowMs = 0;

beforeAll(async () => {
  server = await startRedis();
  redis = connectRedis({ url: server.url, name: 'spec' });
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const realSide = (): Side => ({ store: createWorkflowStore(redis), queue: createCallQueue(redis), claims: createClaims(redis), journal: createJournalState(redis), makeDue: async (member, of) => void (await redis.zadd(keys.due(partitionOfRef(of)), 'XX', 1_000, member)) });

/** The same interface, each answer as a promise. */
function memorySide(ledger: MemoryLedger): Side {
  const later = <Arguments extends unknown[], Result>(run: (...given: Arguments) => Result) => (...given: Arguments): Promise<Result> => Promise.resolve(run(...given));
  return {
    store: { commit: later(ledger.commit), load: later(ledger.load), loadSince: later(ledger.loadSince), readEvents: later(ledger.readEvents) },
    queue: { deal: later(ledger.deal), confirm: later(ledger.confirm), sweep: later(ledger.sweep), setAside: later(ledger.setAside), inspect: later(ledger.inspect), dropTimer: later(ledger.dropTimer), depth: later(ledger.depth), tierOf: later(ledger.tierOf) },
    claims: { claim: later(ledger.claim), release: later(ledger.release), read: later(ledger.readClaim), heldBy: later(ledger.heldBy) },
    journal: { lease: later(ledger.lease), ownerOf: later(ledger.ownerOf), giveUp: later(ledger.giveUp), waiting: later(ledger.waiting), journaledUpTo: later(ledger.journaledUpTo), markJournaled: later(ledger.markJournaled) },
    makeDue: later((member: string, of: WorkflowRef) => ledger.tables.setScore(keys.due(partitionOfRef(of)), member, 1_000, 'known')),
  };
}

/** Everything in Redis, in the form of the tables' own dump. */
async function dumpRedis(): Promise<Map<string, unknown>> {
  const all = new Map<string, unknown>();
  for (const key of await redis.keys('*')) all.set(key, await valueOf(key));
  return all;
}

async function valueOf(key: string): Promise<unknown> {
  const type = await redis.type(key);
  if (type === 'hash') return Object.fromEntries(Object.entries(await redis.hgetall(key)).sort());
  if (type === 'list') return redis.lrange(key, 0, -1);
  if (type === 'set') return (await redis.smembers(key)).sort();
  if (type === 'string') return redis.get(key);
  const flat = await redis.zrange(key, '0', '-1', 'WITHSCORES');
  return Object.fromEntries(flat.flatMap((member, index) => (index % 2 === 0 ? [[member, Number(flat[index + 1])]] : [])));
}

/** Times of the ledger lie between what the clock showed before and after the operation; all else is equal to the letter. */
function expectSame(real: Map<string, unknown>, memory: Map<string, unknown>, slackMs: number): void {
  const round = (all: Map<string, unknown>): unknown => [...all].sort(([left], [right]) => (left < right ? -1 : 1)).map(([key, value]) => [key, timeless(value)]);
  expect(round(memory)).toEqual(round(real));
  for (const [key, value] of real) for (const [member, time] of timesOf(value)) {
    const [, other] = timesOf(memory.get(key)).find(([name]) => name === member) ?? [];
    expect(Math.abs(time - (other ?? 0))).toBeLessThanOrEqual(slackMs);
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
const isTime = (value: unknown): boolean => Number(value) > 1_000_000_000;
const timesOf = (value: unknown): [string, number][] => (isRecord(value) ? Object.entries(value).flatMap(([name, time]): [string, number][] => (isTime(time) ? [[name, Number(time)]] : [])) : []);
const timeless = (value: unknown): unknown => (isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, each]) => [name, isTime(each) ? 'a time' : each]).sort(([left], [right]) => (String(left) < String(right) ? -1 : 1))) : value);

/** What was seen while both sides were asked the same. */
interface Seen {
  answered: number;
  statuses: Set<string>;
}

const both = (seen: Seen, removed: Safeguards = {}): fc.IAsyncPropertyWithHooks<[Operation[]]> =>
  fc.asyncProperty(fc.array(operation, { minLength: 40, maxLength: 200, size: 'max' }), async (operations) => {
    await redis.flushall();
    const real = realSide();
    const tables = createTables(() => nowMs);
    const memory = memorySide(createMemoryLedger(tables, removed));
    let slackMs = 0;
    for (const { name, ref: of, ask } of operations) {
      const known = { version: Number(tables.hash(keys.workflow(of), 'v') ?? 0), seq: Number(tables.hash(keys.workflow(of), 'seq') ?? 0) };
      const before = await redisTimeMs(redis);
      const expected = await ask(real, known);
      slackMs = Math.max(slackMs, (await redisTimeMs(redis)) - before + 1);
      nowMs = before;
      expect({ name, answer: await ask(memory, known) }).toEqual({ name, answer: expected });
      seen.answered += 1;
      if (isRecord(expected) && typeof expected['status'] === 'string') seen.statuses.add(expected['status']);
    }
    expectSame(await dumpRedis(), tables.dump(), slackMs);
  });

const SEED = 20_261_124;

describe('the ledger in memory', () => {
  it('answers as the scripts of Redis do, and keeps the same in every key, whatever the order of operations', async () => {
    const seen: Seen = { answered: 0, statuses: new Set() };
    await fc.assert(both(seen), { numRuns: 120, seed: SEED });
    expect(seen.answered).toBeGreaterThan(3_000);
    // Every way a script may answer was seen.
    const all = ['committed', 'replayed', 'conflict', 'exists', 'guarded', 'claimed', 'busy', 'done', 'unknown', 'gone', 'held', 'queued', 'publish', 'reported'];
    expect(all.filter((status) => !seen.statuses.has(status))).toEqual([]);
  }, 120_000);

  it.each(SAFEGUARDS)('is seen to be another when it does without the safeguard %s', async (safeguard) => {
    const { failed } = await fc.check(both({ answered: 0, statuses: new Set() }, { [safeguard]: true }), { numRuns: 80, seed: SEED, endOnFailure: true });
    expect(failed).toBe(true);
  }, 120_000);

  it('leases a partition to one owner, until it gives it up', async () => {
    await redis.flushall();
    const real = realSide();
    const memory = memorySide(createMemoryLedger(createTables(() => nowMs)));
    for (const ask of [(side: Side) => side.journal.lease(1, 'a'), (side: Side) => side.journal.lease(1, 'b'), (side: Side) => side.journal.ownerOf(1), (side: Side) => side.journal.ownerOf(2), (side: Side) => side.journal.giveUp(1, 'b'), (side: Side) => side.journal.lease(1, 'b'), (side: Side) => side.journal.giveUp(1, 'a'), (side: Side) => side.journal.lease(1, 'b')]) expect(await ask(memory)).toEqual(await ask(real));
  });
});
