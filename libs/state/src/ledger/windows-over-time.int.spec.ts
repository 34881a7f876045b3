import { Window } from '@trivet/contracts';
import { startRedis, type TestServer } from '@trivet/testing';
import fc from 'fast-check';
import { connectRedis, redisTimeMs, type Redis } from '../redis.js';
import { atClock } from './clock-for-tests.js';
import type { AccountRef } from './ledger-keys.js';
import { createLedger, type Ledger } from './ledger.js';

const WINDOWS = Window.options;
const USER: AccountRef = { scope: 'user', tenant: 'acme', id: 'ada' };
const SESSION: AccountRef = { scope: 'session', tenant: 'acme', id: 's1' };
const ACCOUNTS = { user: { ref: USER, counted: ['total', 'day', 'month'] }, session: { ref: SESSION, counted: ['total'] } } as const;
type Name = keyof typeof ACCOUNTS;
/** Steps of time are longer than what a clock may go back unnoticed. */
const STEP_SECONDS = 120;
const DAY_STEPS = 86_400 / STEP_SECONDS;

const name = fc.constantFrom<Name>('user', 'session');
const id = fc.constantFrom('a.1', 'b.1', 'c.1', 'd.1', 'e.1', 'f.1');
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('move' as const), steps: fc.oneof(fc.integer({ min: -3, max: 40 }), fc.constantFrom(DAY_STEPS, -DAY_STEPS, 3 * DAY_STEPS, 31 * DAY_STEPS)) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('reserve' as const), id, names: fc.uniqueArray(name, { minLength: 1 }), tokens: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('settle' as const), id, tokens: fc.nat(40) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('limit' as const), name, window: fc.constantFrom(...WINDOWS), limit: fc.option(fc.nat(150), { nil: null }) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

/** Each window of each account by itself, as plainly as it can be said; it shares no code with the scripts. */
class PlainWindows {
  private readonly figures = new Map<string, { used: number; held: number }>();
  private readonly limits = new Map<string, number | null>();
  private readonly holds = new Map<string, { keys: string[]; tokens: number; settled: boolean }>();

  limit(account: Name, window: Window, limit: number | null): void {
    this.limits.set(`${account} ${window}`, limit);
  }

  reserve(reservation: string, accounts: readonly Name[], tokens: number, second: number): { status: string; window?: Window } {
    const before = this.holds.get(reservation);
    if (before) return { status: before.tokens === tokens ? 'replayed' : 'conflict' };
    const open = accounts.flatMap((account) => this.windowsOf(account).map((window) => ({ window, limit: this.limits.get(`${account} ${window}`) ?? Infinity, key: keyOf(account, window, second) })));
    const full = open.find(({ key, limit }) => this.of(key).used + this.of(key).held + tokens > limit);
    if (full) return { status: 'denied', window: full.window };
    for (const { key } of open) this.of(key).held += tokens;
    this.holds.set(reservation, { keys: open.map(({ key }) => key), tokens, settled: false });
    return { status: 'held' };
  }

  settle(reservation: string, tokens: number): string {
    const hold = this.holds.get(reservation);
    if (!hold) return 'missing';
    if (hold.settled) return 'replayed';
    hold.settled = true;
    for (const key of hold.keys) {
      this.of(key).held -= hold.tokens;
      this.of(key).used += tokens;
    }
    return 'done';
  }

  read(account: Name, second: number): unknown[] {
    return this.windowsOf(account).map((window) => [window, this.limits.get(`${account} ${window}`) ?? null, this.of(keyOf(account, window, second)).used, this.of(keyOf(account, window, second)).held]);
  }

  usedOn(day: string): number | null {
    return this.figures.get(`user day ${day}`)?.used ?? null;
  }

  private windowsOf(account: Name): Window[] {
    const counted: readonly string[] = ACCOUNTS[account].counted;
    return WINDOWS.filter((window) => counted.includes(window) || (this.limits.get(`${account} ${window}`) ?? null) !== null);
  }

  private of(key: string): { used: number; held: number } {
    const known = this.figures.get(key) ?? { used: 0, held: 0 };
    this.figures.set(key, known);
    return known;
  }
}

function keyOf(account: Name, window: Window, second: number): string {
  const length = { total: 0, minute: 16, hour: 13, day: 10, month: 7 }[window];
  return `${account} ${window} ${new Date(second * 1_000).toISOString().slice(0, length)}`;
}

describe('windows over time', () => {
  let server: TestServer;
  let redis: Redis;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });

  it('end, come back when the clock does, take late settlements and new limits, as each by itself would', async () => {
    const firstSecond = Math.ceil((await redisTimeMs(redis)) / 1_000 / STEP_SECONDS) * STEP_SECONDS;
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40, size: 'max' }), async (operations) => {
        await redis.flushall();
        const clock = { second: firstSecond + 40 * DAY_STEPS * STEP_SECONDS };
        const ledger = createLedger(atClock(redis, clock));
        const plain = new PlainWindows();
        for (const step of operations) {
          if (step.kind === 'move') clock.second = Math.max(firstSecond, clock.second + step.steps * STEP_SECONDS);
          else expect(await onLedger(ledger, step)).toEqual(onPlain(plain, step, clock.second));
          for (const account of ['user', 'session'] as const) expect(await read(ledger, account)).toEqual(plain.read(account, clock.second));
          const day = new Date(clock.second * 1_000).toISOString().slice(0, 10);
          expect((await ledger.readDay(USER, day))?.usedTokens ?? 0).toBe(plain.usedOn(day) ?? 0);
        }
      }),
      { numRuns: 120 },
    );
  });
});

async function onLedger(ledger: Ledger, step: Exclude<Operation, { kind: 'move' }>): Promise<unknown> {
  switch (step.kind) {
    case 'limit':
      return ledger.setLimits(ACCOUNTS[step.name].ref, [{ window: step.window, limitTokens: step.limit }]);
    case 'reserve': {
      const answer = await ledger.reserve({ reservationId: step.id, fingerprint: String(step.tokens), accounts: step.names.map((each) => ACCOUNTS[each].ref), tokens: step.tokens, nanoUsd: 0, leaseMs: 1_000 });
      return answer.status === 'denied' ? { status: 'denied', window: answer.window } : { status: answer.status };
    }
    case 'settle':
      return (await ledger.settle({ reservationId: step.id, tokens: step.tokens, nanoUsd: 0, keepMs: 3_600_000 })).transition.status;
  }
}

function onPlain(plain: PlainWindows, step: Exclude<Operation, { kind: 'move' }>, second: number): unknown {
  switch (step.kind) {
    case 'limit':
      return plain.limit(step.name, step.window, step.limit);
    case 'reserve':
      return plain.reserve(step.id, step.names, step.tokens, second);
    case 'settle':
      return plain.settle(step.id, step.tokens);
  }
}

async function read(ledger: Ledger, account: Name): Promise<unknown[]> {
  const { windows } = await ledger.readAccount(ACCOUNTS[account].ref);
  return windows.map(({ window, limitTokens, usedTokens, heldTokens }) => [window, limitTokens, usedTokens, heldTokens]);
}
