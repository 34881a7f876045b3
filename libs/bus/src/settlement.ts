import { FailureError } from '@trivet/contracts';

/** What becomes of a delivered message. Decided here and nowhere else. */
export type Settlement =
  | { do: 'ack' }
  /** 'I could not do my own job': bring it again, to me or to another. Expected: another worker holds the call. */
  | { do: 'nak'; delayMs: number; reason: string; expected: boolean }
  /** It can never be handled: keep it with its reason, and go on. */
  | { do: 'dead'; reason: string };

export const ACK: Settlement = { do: 'ack' };

/** Thrown by a handler when the message itself is at fault. */
export class DeadLetterError extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'DeadLetterError';
  }
}

/** Thrown by a handler that wants the message again after a while, for example because another worker holds the call. */
export class RedeliverError extends Error {
  readonly delayMs: number;
  constructor(reason: string, delayMs: number) {
    super(reason);
    this.name = 'RedeliverError';
    this.delayMs = delayMs;
  }
}

/** After so many deliveries a handler that still throws something unforeseen is taken to be defeated by the message. */
export const MOST_DELIVERIES = 10;
const BACKOFF_MS = [50, 200, 500, 1_000, 2_000, 5_000] as const;

/**
 * A thrown error becomes a settlement. Broker, Redis or another service out of reach (`unavailable`) is never the
 * message's fault, however often; anything unforeseen is, after MOST_DELIVERIES.
 */
export function settlementOf(error: unknown, deliveries: number): Settlement {
  if (error instanceof DeadLetterError) return { do: 'dead', reason: error.message };
  if (error instanceof RedeliverError) return { do: 'nak', delayMs: error.delayMs, reason: error.message, expected: true };
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const unreachable = error instanceof FailureError && error.failure.code === 'unavailable';
  if (!unreachable && deliveries >= MOST_DELIVERIES) return { do: 'dead', reason: `failed ${deliveries} times, last with ${reason}` };
  return { do: 'nak', delayMs: BACKOFF_MS[Math.min(deliveries - 1, BACKOFF_MS.length - 1)] ?? 5_000, reason, expected: false };
}

/** What an operator should read about a settlement; null when all went as it should. */
export function describeSettlement(settlement: Settlement, delivery: { subject: string; deliveries: number }): { level: 'debug' | 'warn' | 'error'; fields: object; message: string } | null {
  const fields = { subject: delivery.subject, deliveries: delivery.deliveries };
  if (settlement.do === 'ack') return null;
  if (settlement.do === 'dead') return { level: 'error', fields, message: `A message was put aside as a dead letter: ${settlement.reason}` };
  return { level: settlement.expected ? 'debug' : 'warn', fields, message: `A message comes again in ${settlement.delayMs} ms: ${settlement.reason}` };
}
