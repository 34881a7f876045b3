import { Window } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { countedWindows } from './accounts.js';
import { LEASES_KEY, accountKey, accountName, reservationKey, type AccountRef } from './ledger-keys.js';
import { RESERVE_LUA } from './reserve.lua.js';
import { defineScript } from '../redis.js';
import { ReservationState } from './transitions.js';

/** A hold that is asked for: the upper bound of what one vendor attempt may use. */
export interface Reservation {
  /** The call's id, a dot and the attempt's number: the same after every crash and redelivery. */
  reservationId: string;
  /** What is asked. The same id with another fingerprint is a conflict, not a repeat. */
  fingerprint: string;
  /** Charged all or none; one that is named twice is charged once. */
  accounts: readonly AccountRef[];
  tokens: number;
  nanoUsd: number;
  /** How long the hold lives without a heartbeat. */
  leaseMs: number;
}

export const METRICS = ['tokens', 'cost'] as const;
const Metric = z.enum(METRICS);
export type Metric = z.infer<typeof Metric>;

/** An account that has passed 80 % of a limit, told once for a limit and window. */
export interface CrossedThreshold {
  account: AccountRef;
  /** `tenant/acme` */
  name: string;
  window: Window;
  metric: Metric;
  limit: number;
  used: number;
  held: number;
}

export interface Denial {
  status: 'denied';
  /** The first account that has not enough left: `tenant/acme`. */
  account: string;
  window: Window;
  metric: Metric;
  limit: number;
  used: number;
  held: number;
  requested: number;
  /** Never below 0, also where a limit was lowered below what is used. */
  remaining: number;
}

export type ReserveAnswer =
  | { status: 'held'; crossed: CrossedThreshold[] }
  /** It was reserved before: what was held then, and what has been charged for it since. */
  | { status: 'replayed'; state: ReservationState; tokens: number; nanoUsd: number; chargedTokens: number; chargedNanoUsd: number }
  | { status: 'conflict' }
  | Denial;

const script = defineScript(RESERVE_LUA);
const Count = z.string().regex(/^\d+$/).transform(Number);
const Answer = z.union([
  z.tuple([z.literal('held'), z.array(z.tuple([Count, Window, Metric, Count, Count, Count, z.string()]))]),
  z.tuple([z.literal('replayed'), ReservationState, Count, Count, Count, Count]),
  z.tuple([z.literal('conflict')]),
  z.tuple([z.literal('denied'), Count, Window, Metric, Count, Count, Count, Count]),
]);

/** @throws when an amount is not an integer from 0 to 2^53 − 1, or Redis does not answer; nothing is held then */
export async function reserve(redis: Redis, reservation: Reservation): Promise<ReserveAnswer> {
  const { reservationId, fingerprint, tokens, nanoUsd, leaseMs } = reservation;
  const accounts = [...new Map(reservation.accounts.map((account) => [accountKey(account), account]))];
  if (accounts.length === 0) throw new RangeError(`Reservation '${reservationId}' names no account; a hold on nothing would be free`);
  const answer = Answer.parse(
    await script.run(
      redis,
      [reservationKey(reservationId), LEASES_KEY, ...accounts.map(([key]) => key)],
      [reservationId, fingerprint, String(tokens), String(nanoUsd), String(leaseMs), ...accounts.map(([, account]) => countedWindows(account).join(' '))],
    ),
  );
  const at = (position: number): AccountRef => {
    const entry = accounts[position];
    if (!entry) throw new RangeError(`The ledger answered for account ${position} of ${accounts.length}`);
    return entry[1];
  };
  switch (answer[0]) {
    case 'held':
      return { status: 'held', crossed: answer[1].map(([position, window, metric, limit, used, held]) => ({ account: at(position), name: accountName(at(position)), window, metric, limit, used, held })) };
    case 'replayed': {
      const [, state, held, heldNanoUsd, chargedTokens, chargedNanoUsd] = answer;
      return { status: 'replayed', state, tokens: held, nanoUsd: heldNanoUsd, chargedTokens, chargedNanoUsd };
    }
    case 'conflict':
      return { status: 'conflict' };
    case 'denied': {
      const [, position, window, metric, limit, used, held, requested] = answer;
      return { status: 'denied', account: accountName(at(position)), window, metric, limit, used, held, requested, remaining: Math.max(0, limit - used - held) };
    }
  }
}
