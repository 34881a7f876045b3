import { startRedis, type TestServer } from '@trivet/testing';
import fc from 'fast-check';
import { connectRedis, type Redis } from '../redis.js';
import type { AccountRef } from './ledger-keys.js';
import { createLedger, type Ledger } from './ledger.js';
import { LedgerModel } from './ledger-model.js';

const HOUR_MS = 3_600_000;
const ACCOUNTS: AccountRef[] = [
  { scope: 'workflow', tenant: 'acme', id: 'w1' },
  { scope: 'workflow', tenant: 'acme', id: 'w2' },
  { scope: 'session', tenant: 'acme', id: 's1' },
  { scope: 'tenant', tenant: 'acme', id: 'acme' },
  { scope: 'global', tenant: 'global', id: 'global' },
];

const account = fc.constantFrom(...ACCOUNTS);
const id = fc.constantFrom('a.1', 'a.2', 'b.1', 'c.1', 'd.1', 'e.1');
/** Near the largest amount; the rest is for settlements above their hold, which the model could not count exactly beyond it. */
const HUGE = Number.MAX_SAFE_INTEGER - 10_000;
const amount = fc.oneof({ weight: 9, arbitrary: fc.nat(60) }, { weight: 1, arbitrary: fc.constantFrom(0, HUGE) });
const limit = fc.option(fc.nat(200), { nil: null });
const leaseMs = fc.constantFrom(0, HOUR_MS);
const operation = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('limit' as const), account, limitTokens: fc.option(limit, { nil: undefined }), limitNanoUsd: fc.option(limit, { nil: undefined }) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('reserve' as const), id, fingerprint: fc.constantFrom('f', 'f', 'f', 'g'), accounts: fc.uniqueArray(account, { minLength: 1 }), tokens: amount, nanoUsd: amount, leaseMs }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('settle' as const), id, tokens: fc.nat(70), nanoUsd: fc.nat(70) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('release' as const), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('extend' as const), id, leaseMs }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
);
type Operation = typeof operation extends fc.Arbitrary<infer Value> ? Value : never;

describe('the ledger against its model', () => {
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

  it('answers and balances the same, whatever the order of operations', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 40, size: 'max' }), async (operations) => {
        await redis.flushall();
        const ledger = createLedger(redis);
        const model = new LedgerModel();
        for (const step of operations) expect(await onLedger(ledger, step)).toEqual(onModel(model, step));
        for (const ref of ACCOUNTS) expect(await balances(ledger, ref)).toEqual(model.balances(ref));
      }),
      { numRuns: 300 },
    );
  });
});

async function onLedger(ledger: Ledger, step: Operation): Promise<unknown> {
  switch (step.kind) {
    case 'limit':
      return ledger.setLimits(step.account, [{ window: 'total', limitTokens: step.limitTokens, limitNanoUsd: step.limitNanoUsd }]);
    case 'reserve':
      return ledger.reserve({ ...step, reservationId: step.id });
    case 'settle':
      return (await ledger.settle({ ...step, reservationId: step.id, keepMs: HOUR_MS })).transition;
    case 'release':
      return ledger.release(step.id);
    case 'extend':
      return ledger.extend(step.id, step.leaseMs);
    case 'expire':
      return (await ledger.expireDue(1_000)).map(({ reservationId }) => reservationId).sort();
  }
}

function onModel(model: LedgerModel, step: Operation): unknown {
  switch (step.kind) {
    case 'limit':
      return model.setLimits(step.account, { window: 'total', limitTokens: step.limitTokens, limitNanoUsd: step.limitNanoUsd });
    case 'reserve':
      return model.reserve({ ...step, reservationId: step.id });
    case 'settle':
      return model.settle(step.id, step.tokens, step.nanoUsd);
    case 'release':
      return model.release(step.id);
    case 'extend':
      return model.extend(step.id, step.leaseMs);
    case 'expire':
      return model.expireDue();
  }
}

async function balances(ledger: Ledger, ref: AccountRef) {
  const { windows } = await ledger.readAccount(ref);
  const total = windows.find(({ window }) => window === 'total');
  if (!total) throw new Error('no total');
  for (const counted of windows) expect(counted).toMatchObject({ usedTokens: total.usedTokens, heldTokens: total.heldTokens, usedNanoUsd: total.usedNanoUsd, heldNanoUsd: total.heldNanoUsd });
  return { tokens: { limit: total.limitTokens, used: total.usedTokens, held: total.heldTokens }, cost: { limit: total.limitNanoUsd, used: total.usedNanoUsd, held: total.heldNanoUsd } };
}
