import type { Account, VendorBook } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { keepAccounts, limitedAccounts, readAccount, readDay, retireAccounts, setLimits, type LimitsOptions, type WindowLimits } from './accounts.js';
import type { AccountRef } from './ledger-keys.js';
import { recordResult, recordedResult, type RecordedCall } from './results.js';
import { reserve, type Reservation, type ReserveAnswer } from './reserve.js';
import { createTimeZones } from './time-zones.js';
import { readVendorBook } from './vendor-books.js';
import { expireCall, expireDue, expireNow, extend, readReservation, release, settle, type ExpiredReservation, type ReservationCharge, type ReservationState, type SettleAnswer, type Settlement, type TransitionAnswer } from './transitions.js';

/**
 * Accounts, and holds on them. A hold is taken before money is spent and settled after it; for every account and
 * window `used + held ≤ limit` at every instant, as long as no settlement is higher than its hold (the excess of one
 * that is, is charged and reported as `over`). Amounts are integers: tokens and nano-USD. Every method may be sent
 * again after a lost connection: it is done once. They reject when Redis does not answer; nothing is free then.
 */
export interface Ledger {
  /** Sets limits; undefined leaves one as it is, null lifts it. */
  setLimits(account: AccountRef, windows: readonly WindowLimits[], options?: LimitsOptions): Promise<void>;
  readAccount(account: AccountRef): Promise<Account>;
  /** In whose days and months a tenant's accounts are counted; null: UTC. @throws FailureError invalid_request for no such zone */
  setTimeZone(tenant: string, zone: string | null): Promise<void>;
  /** What an account used on a day (YYYY-MM-DD, of its time zone); null when nothing of it is kept. */
  readDay(account: AccountRef, day: string): Promise<{ usedTokens: number; usedNanoUsd: number } | null>;
  /** What went to vendors on a day (YYYY-MM-DD, UTC). */
  readVendorBook(day: string): Promise<Pick<VendorBook, 'vendors' | 'unreported'>>;
  /** Accounts whose limits somebody set; not those of workflows, which come with their task. */
  limitedAccounts(): Promise<AccountRef[]>;
  /** Drops limits and balances of accounts (of finished workflows) after a time; their settlements still arrive until then. */
  retireAccounts(accounts: readonly AccountRef[], keepMs: number): Promise<void>;
  /** Keeps accounts that were to be dropped: their workflows live again. */
  keepAccounts(accounts: readonly AccountRef[]): Promise<void>;
  reserve(reservation: Reservation): Promise<ReserveAnswer>;
  settle(settlement: Settlement): Promise<SettleAnswer>;
  /** Gives a hold back in full. Only for an attempt that never left this process. */
  release(reservationId: string): Promise<TransitionAnswer>;
  /** The heartbeat of a call that still runs. */
  extend(reservationId: string, leaseMs: number): Promise<ReservationState | 'missing'>;
  /** Charges the full hold of reservations whose lease is over; a late settlement corrects it. */
  expireDue(limit: number): Promise<ExpiredReservation[]>;
  /** The same for one reservation at once, whatever its lease: its holder is known to be gone. */
  expireNow(reservationId: string): Promise<ExpiredReservation | null>;
  /** The same for all attempts of a call that nobody makes again: its workers are dead. */
  expireCall(callId: string): Promise<void>;
  /** What was charged for an attempt; null when it is not known. */
  readReservation(reservationId: string): Promise<ReservationCharge | null>;
  recordedResult(tenant: string, workflowId: string, callId: string): Promise<string | null>;
  /** Records a result that needs no settlement; the first one stands, and is returned. */
  recordResult(call: RecordedCall, result: string, keepMs: number): Promise<string>;
}

export function createLedger(redis: Redis): Ledger {
  const zones = createTimeZones(redis);
  return {
    setLimits: (account, windows, options) => setLimits(redis, account, windows, options),
    readAccount: (account) => readAccount(redis, account, zones),
    setTimeZone: (tenant, zone) => zones.set(tenant, zone),
    readDay: (account, day) => readDay(redis, account, day),
    readVendorBook: (day) => readVendorBook(redis, day),
    limitedAccounts: () => limitedAccounts(redis),
    retireAccounts: (accounts, keepMs) => retireAccounts(redis, accounts, keepMs),
    keepAccounts: (accounts) => keepAccounts(redis, accounts),
    reserve: (reservation) => reserve(redis, reservation, zones),
    settle: (settlement) => settle(redis, settlement),
    release: (reservationId) => release(redis, reservationId),
    extend: (reservationId, leaseMs) => extend(redis, reservationId, leaseMs),
    expireDue: (limit) => expireDue(redis, limit),
    expireNow: (reservationId) => expireNow(redis, reservationId),
    expireCall: (callId) => expireCall(redis, callId),
    readReservation: (reservationId) => readReservation(redis, reservationId),
    recordedResult: (tenant, workflowId, callId) => recordedResult(redis, { tenant, workflowId, callId }),
    recordResult: (call, result, keepMs) => recordResult(redis, call, result, keepMs),
  };
}
