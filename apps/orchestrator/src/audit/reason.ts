import { context, createContextKey, type Context } from '@opentelemetry/api';

const MOST_CHARACTERS = 1_000;
const REASON = createContextKey('trivet.reason');

/** The context of a request that said why it changes something; it reaches the audit without passing through every function in between. */
export function withReason(of: Context, header: string | string[] | undefined): Context {
  const reason = readReason([header].flat()[0] ?? '');
  return reason === '' ? of : of.setValue(REASON, reason);
}

/** Why the change at hand is made, if its request said so. */
export function reasonNow(): string | null {
  const reason = context.active().getValue(REASON);
  return typeof reason === 'string' ? reason : null;
}

/** As it was meant: what is not URL-encoded stands for itself. */
export function readReason(header: string): string {
  try {
    return decodeURIComponent(header).trim().slice(0, MOST_CHARACTERS);
  } catch {
    return header.trim().slice(0, MOST_CHARACTERS);
  }
}

/** What a row says of a change, with the reason behind it unless it is said already. */
export function detailWithReason(detail: string | null, reason: string | null): string | null {
  if (reason === null || detail?.includes(reason)) return detail;
  return detail ? `${detail}; reason: ${reason}` : reason;
}
