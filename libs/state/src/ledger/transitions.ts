import { INLINE_LIMIT_BYTES } from '@trivet/contracts';
import type { Redis } from 'ioredis';
import { z } from 'zod';
import { EXPIRE_LUA, EXTEND_LUA, FINISH_LUA, READ_RESERVATION_LUA } from './finish.lua.js';
import { LEASES_KEY, reservationKey, reservationPrefix, resultKey } from './ledger-keys.js';
import type { RecordedCall } from './results.js';
import { defineScript, withRedis } from '../redis.js';

export const ReservationState = z.enum(['held', 'settled', 'released', 'expired']);
export type ReservationState = z.infer<typeof ReservationState>;

/** What an attempt came to. */
export interface Settlement {
  reservationId: string;
  tokens: number;
  nanoUsd: number;
  /** Of the tokens: input. */
  inputTokens?: number;
  /** Whether the vendor said what was used, or we counted it; absent: reported. */
  word?: 'reported' | 'estimated';
  /** How long the reservation and the result are kept. */
  keepMs: number;
  /** The result of the whole call (JSON text, at most 64 KiB), recorded in the same script. Absent: more attempts follow. */
  result?: { call: RecordedCall; json: string };
}

export type TransitionAnswer =
  /** `over`: more was used than held. `corrected`: its lease had lapsed and the full hold had been charged. */
  | { status: 'done'; state: ReservationState; over: boolean; corrected: boolean }
  /** It was finished before; no balance was changed. */
  | { status: 'replayed'; state: ReservationState }
  /** No such reservation: Redis has lost it, or it was kept long enough. */
  | { status: 'missing' };

/** What became of a settlement, and the result that stands for the call: the first one recorded, maybe another worker's. */
export interface SettleAnswer {
  transition: TransitionAnswer;
  recorded: string | null;
}

/** A reservation whose lease was over, and what was charged for it. */
export interface ExpiredReservation {
  reservationId: string;
  tokens: number;
  nanoUsd: number;
}

/** Records of released and expired reservations stay this long, for late answers. */
export const KEEP_FINISHED_MS = 7 * 86_400_000;

const finishScript = defineScript(FINISH_LUA);
const expireScript = defineScript(EXPIRE_LUA);
const extendScript = defineScript(EXTEND_LUA);
const readReservationScript = defineScript(READ_RESERVATION_LUA);

const Flag = z.enum(['0', '1']).transform((flag) => flag === '1');
const FinishAnswer = z.union([
  z.tuple([z.literal('done'), ReservationState, Flag, Flag, z.string()]),
  z.tuple([z.literal('replayed'), ReservationState, Flag, Flag, z.string()]),
  z.tuple([z.literal('missing'), z.literal(''), Flag, Flag, z.string()]),
]);
const ExpireAnswer = z.array(z.tuple([z.string(), z.string().transform(Number), z.string().transform(Number)]));

const ReadAnswer = z.tuple([ReservationState, z.string().transform(Number), z.string().transform(Number)]).nullable();

/** What was charged for an attempt so far. */
export interface ReservationCharge {
  state: ReservationState;
  chargedTokens: number;
  chargedNanoUsd: number;
}

/** @returns null: there is no such reservation, or it was kept long enough */
export async function readReservation(redis: Redis, reservationId: string): Promise<ReservationCharge | null> {
  const answer = ReadAnswer.parse(await readReservationScript.run(redis, [reservationKey(reservationId)], []));
  return answer && { state: answer[0], chargedTokens: answer[1], chargedNanoUsd: answer[2] };
}

export async function settle(redis: Redis, settlement: Settlement): Promise<SettleAnswer> {
  const { reservationId, tokens, nanoUsd, inputTokens = 0, word = 'reported', keepMs, result } = settlement;
  if (result) checkResultSize(result.json);
  // A script takes its keys whole: without a result the third is named but not written.
  const target = result ? resultKey(result.call.tenant, result.call.workflowId, result.call.callId) : LEASES_KEY;
  return finish(redis, reservationId, target, ['settled', String(tokens), String(nanoUsd), String(keepMs), result?.json ?? '', word, String(inputTokens)]);
}

export async function release(redis: Redis, reservationId: string): Promise<TransitionAnswer> {
  const { transition } = await finish(redis, reservationId, LEASES_KEY, ['released', '0', '0', String(KEEP_FINISHED_MS), '', 'released', '0']);
  return transition;
}

async function finish(redis: Redis, reservationId: string, target: string, values: string[]): Promise<SettleAnswer> {
  const answer = FinishAnswer.parse(await finishScript.run(redis, [reservationKey(reservationId), LEASES_KEY, target], [reservationId, ...values]));
  return { transition: transitionOf(answer), recorded: answer[4] || null };
}

function transitionOf([status, state, over, corrected]: z.infer<typeof FinishAnswer>): TransitionAnswer {
  if (status === 'missing') return { status: 'missing' };
  return status === 'replayed' ? { status, state } : { status, state, over, corrected };
}

export function checkResultSize(json: string): void {
  const bytes = Buffer.byteLength(json);
  if (bytes > INLINE_LIMIT_BYTES) {
    throw new RangeError(`A recorded result has ${bytes} bytes; the limit is ${INLINE_LIMIT_BYTES}: store the value as a blob and record its reference`);
  }
}

export async function extend(redis: Redis, reservationId: string, leaseMs: number): Promise<ReservationState | 'missing'> {
  const answer = await extendScript.run(redis, [reservationKey(reservationId), LEASES_KEY], [reservationId, String(leaseMs)]);
  return z.union([ReservationState, z.literal('missing')]).parse(answer);
}

export const expireDue = (redis: Redis, limit: number): Promise<ExpiredReservation[]> => expire(redis, limit, '');

export async function expireNow(redis: Redis, reservationId: string): Promise<ExpiredReservation | null> {
  reservationKey(reservationId);
  const ended = await expire(redis, 1, reservationId);
  return ended[0] ?? null;
}

export async function expireCall(redis: Redis, callId: string): Promise<void> {
  for (let attempt = 1; (await withRedis(() => redis.exists(reservationKey(`${callId}.${attempt}`)))) === 1; attempt += 1) await expireNow(redis, `${callId}.${attempt}`);
}

async function expire(redis: Redis, limit: number, reservationId: string): Promise<ExpiredReservation[]> {
  const answer = await expireScript.run(redis, [LEASES_KEY, reservationPrefix], [String(limit), String(KEEP_FINISHED_MS), reservationId]);
  return ExpireAnswer.parse(answer).map(([id, tokens, nanoUsd]) => ({ reservationId: id, tokens, nanoUsd }));
}
