import { connectRedis } from '../../redis.js';
import type { AccountRef } from '../ledger-keys.js';
import { createLedger } from '../ledger.js';

/**
 * One of several processes that spend from the same accounts as fast as they can, with repeated reservations,
 * repeated settlements, releases, and attempts that are never finished, as if their process had died.
 * Arguments: URL of Redis, its number, how many attempts, how many at once.
 */
const [url = '', ...numbers] = process.argv.slice(2);
const [worker = 0, attempts = 0, parallel = 0] = numbers.map(Number);

const LEASE_MS = 1_500;
const ledger = createLedger(connectRedis({ url, name: `spender-${worker}` }));
const account = (scope: AccountRef['scope'], id: string): AccountRef => ({ scope, tenant: 'acme', id });
const random = randomFrom(worker);
const tally = { held: 0, denied: 0, abandoned: 0, over: 0 };
let next = 0;

await Promise.all(Array.from({ length: parallel }, spend));
process.once('disconnect', () => process.exit(0));
process.send?.(tally);

async function spend(): Promise<void> {
  while (next < attempts) {
    const number = next;
    next += 1;
    const tokens = 100 + Math.floor(random() * 900);
    const used = Math.floor(tokens * (0.2 + 0.8 * random()));
    const reservation = {
      reservationId: `s${worker}-${number}.1`,
      fingerprint: String(tokens),
      accounts: [account('workflow', `w${number % 5}`), account('user', 'ada'), account('tenant', 'acme'), account('global', 'global')],
      tokens,
      nanoUsd: tokens * 50,
      leaseMs: LEASE_MS,
    };
    const answers = await Promise.all(random() < 0.2 ? [ledger.reserve(reservation), ledger.reserve(reservation)] : [ledger.reserve(reservation)]);
    if (answers.every(({ status }) => status === 'denied')) {
      tally.denied += 1;
      continue;
    }
    tally.held += 1;
    await finish(reservation.reservationId, used);
  }
}

async function finish(reservationId: string, tokens: number): Promise<void> {
  const fate = random();
  if (fate < 0.05) {
    tally.abandoned += 1;
    return;
  }
  if (fate < 0.15) {
    await Promise.all([ledger.release(reservationId), ledger.release(reservationId)]);
    return;
  }
  const settlement = { reservationId, tokens, nanoUsd: tokens * 50, keepMs: 3_600_000 };
  const answers = await Promise.all(random() < 0.2 ? [ledger.settle(settlement), ledger.settle(settlement)] : [ledger.settle(settlement)]);
  if (answers.some(({ transition }) => transition.status === 'done' && transition.over)) tally.over += 1;
}

/** Reproducible, and different for each process. */
function randomFrom(seed: number): () => number {
  let state = seed * 7_919 + 1;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
}
