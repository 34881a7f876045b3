import { Window } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { countedWindows } from './accounts.js';
import { LEASES_KEY, accountKey, accountName, accountOf, reservationKey, resultKey, NO_RESULT_KEY, type AccountRef } from './ledger-keys.js';
import { RESERVE_LUA } from './reserve.lua.js';
import { defineScript } from '../redis.js';
import type { RecordedCall } from './results.js';
import type { TimeZones } from './time-zones.js';
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
  /** The call it is for: one whose result is recorded holds nothing more. */
  call?: RecordedCall;
  /** Whose bill it will be on. */
  vendor?: VendorRef;
  /** One run of one worker: when it asks again, the answer to its first question was lost on the way, and it holds what it held. */
  owner?: string;
}

/** Where an attempt goes: what a vendor's bill can be compared by. */
export interface VendorRef {
  endpoint: string;
  model: string;
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
  | { status: 'replayed'; state: ReservationState; tokens: number; nanoUsd: number; chargedTokens: number; chargedNanoUsd: number; crossed: CrossedThreshold[] }
  | { status: 'conflict' }
  /** The call has ended: its result, as JSON text. */
  | { status: 'recorded'; json: string }
  | Denial;

const script = defineScript(RESERVE_LUA);
const Count = z.string().regex(/^\d+$/).transform(Number);
const Crossings = z.array(z.tuple([z.string(), Window, Metric, Count, Count, Count]).rest(z.string()));
const Answer = z.union([
  z.tuple([z.literal('held'), Crossings]),
  z.tuple([z.literal('replayed'), ReservationState, Count, Count, Count, Count, Crossings]),
  z.tuple([z.literal('conflict')]),
  z.tuple([z.literal('recorded'), z.string()]),
  z.tuple([z.literal('denied'), Count, Window, Metric, Count, Count, Count, Count]),
]);

/** @throws when an amount is not an integer from 0 to 2^53 − 1, or Redis does not answer; nothing is held then */
export async function reserve(redis: Redis, reservation: Reservation, zones: TimeZones): Promise<ReserveAnswer> {
  const { reservationId, fingerprint, tokens, nanoUsd, leaseMs, call, owner = '', vendor = { endpoint: '', model: '' } } = reservation;
  const accounts = [...new Map(reservation.accounts.map((account) => [accountKey(account), account]))];
  if (accounts.length === 0) throw new RangeError(`Reservation '${reservationId}' names no account; a hold on nothing would be free`);
  const calendars = await zones.calendars(accounts.map(([, account]) => account));
  const answer = Answer.parse(
    await script.run(
      redis,
      [LEASES_KEY, call ? resultKey(call.tenant, call.workflowId, call.callId) : NO_RESULT_KEY, reservationKey(reservationId), ...accounts.map(([key]) => key)],
      [reservationId, fingerprint, String(tokens), String(nanoUsd), String(leaseMs), vendor.endpoint, vendor.model, owner, ...accounts.flatMap(([, account], index) => [countedWindows(account).join(' '), calendars[index]?.zone ?? '', calendars[index]?.calendar ?? ''])],
    ),
  );
  const at = (position: number): AccountRef => {
    const entry = accounts[position];
    if (!entry) throw new RangeError(`The ledger answered for account ${position} of ${accounts.length}`);
    return entry[1];
  };
  const told = (crossings: z.infer<typeof Crossings>): CrossedThreshold[] => crossings.map(([prefix, window, metric, limit, used, held]) => {
    const account = accounts.find(([key]) => key === `${prefix}:total`)?.[1] ?? accountOf(prefix);
    return { account, name: accountName(account), window, metric, limit, used, held };
  });
  switch (answer[0]) {
    case 'held':
      return { status: 'held', crossed: told(answer[1]) };
    case 'replayed': {
      const [, state, held, heldNanoUsd, chargedTokens, chargedNanoUsd, crossed] = answer;
      return { status: 'replayed', state, tokens: held, nanoUsd: heldNanoUsd, chargedTokens, chargedNanoUsd, crossed: told(crossed) };
    }
    case 'conflict':
      return { status: 'conflict' };
    case 'recorded':
      return { status: 'recorded', json: answer[1] };
    case 'denied': {
      const [, position, window, metric, limit, used, held, requested] = answer;
      return { status: 'denied', account: accountName(at(position)), window, metric, limit, used, held, requested, remaining: Math.max(0, limit - used - held) };
    }
  }
}
