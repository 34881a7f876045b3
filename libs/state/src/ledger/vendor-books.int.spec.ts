import { startRedis, type TestServer } from '@trivet/testing';
import { connectRedis, type Redis } from '../redis.js';
import type { AccountRef } from './ledger-keys.js';
import { createLedger, type Ledger } from './ledger.js';

const GLOBAL: AccountRef = { scope: 'global', tenant: 'acme', id: 'global' };
const NONE = { attempts: 0, tokens: 0, inputTokens: 0, nanoUsd: 0 };
const today = (): string => new Date().toISOString().slice(0, 10);

describe('the books of vendors', () => {
  let server: TestServer;
  let redis: Redis;
  let ledger: Ledger;
  beforeAll(async () => {
    server = await startRedis({ appendfsync: 'no' });
    redis = connectRedis({ url: server.url, name: 'test' });
    ledger = createLedger(redis);
  });
  afterAll(async () => {
    redis.disconnect();
    await server.stop();
  });
  beforeEach(() => redis.flushall());
  const hold = (reservationId: string, endpoint = 'openai', leaseMs = 60_000) => ledger.reserve({ reservationId, fingerprint: 'f', accounts: [GLOBAL], tokens: 100, nanoUsd: 1_000, leaseMs, vendor: { endpoint, model: 'm|1' } });

  it('say what each endpoint reported, and what nobody said, one by one', async () => {
    await hold('a.1');
    await hold('b.1');
    await hold('c.1', 'anthropic');
    await hold('d.1');
    await ledger.settle({ reservationId: 'a.1', tokens: 30, inputTokens: 20, nanoUsd: 300, keepMs: 1_000 });
    await ledger.settle({ reservationId: 'a.1', tokens: 30, inputTokens: 20, nanoUsd: 300, keepMs: 1_000 });
    await ledger.settle({ reservationId: 'b.1', tokens: 50, inputTokens: 40, nanoUsd: 500, word: 'estimated', keepMs: 1_000 });
    await ledger.expireNow('c.1');
    await ledger.release('d.1');
    expect(await ledger.readVendorBook(today())).toEqual({
      vendors: [
        { endpoint: 'anthropic', model: 'm|1', reported: NONE, estimated: NONE, lapsed: { attempts: 1, tokens: 100, inputTokens: 0, nanoUsd: 1_000 } },
        { endpoint: 'openai', model: 'm|1', reported: { attempts: 1, tokens: 30, inputTokens: 20, nanoUsd: 300 }, estimated: { attempts: 1, tokens: 50, inputTokens: 40, nanoUsd: 500 }, lapsed: NONE },
      ],
      unreported: [
        { attemptId: 'b.1', endpoint: 'openai', model: 'm|1', word: 'estimated', tokens: 50, nanoUsd: 500 },
        { attemptId: 'c.1', endpoint: 'anthropic', model: 'm|1', word: 'lapsed', tokens: 100, nanoUsd: 1_000 },
      ],
    });
    expect(await ledger.readDay(GLOBAL, today())).toEqual({ usedTokens: 180, usedNanoUsd: 1_800 });
  });

  it('are corrected by a late settlement', async () => {
    await hold('a.1', 'openai', 0);
    await ledger.expireDue(10);
    await ledger.settle({ reservationId: 'a.1', tokens: 30, inputTokens: 20, nanoUsd: 300, keepMs: 1_000 });
    expect(await ledger.readVendorBook(today())).toEqual({ vendors: [{ endpoint: 'openai', model: 'm|1', reported: { attempts: 1, tokens: 30, inputTokens: 20, nanoUsd: 300 }, estimated: NONE, lapsed: NONE }], unreported: [] });
    expect(await ledger.readDay(GLOBAL, today())).toEqual({ usedTokens: 30, usedNanoUsd: 300 });
  });

  it('are empty, and the account unknown, on a day of which nothing is kept', async () => {
    expect(await ledger.readVendorBook('2020-01-01')).toEqual({ vendors: [], unreported: [] });
    expect(await ledger.readDay(GLOBAL, '2020-01-01')).toBeNull();
  });
});
