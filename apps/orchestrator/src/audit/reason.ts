import { MOST_REASON } from '@trivet/contracts';

/** As it was meant: what is not URL-encoded stands for itself. */
export function readReason(header: string): string {
  try {
    return decodeURIComponent(header).trim().slice(0, MOST_REASON);
  } catch {
    return header.trim().slice(0, MOST_REASON);
  }
}

/** What a row says of a change, with the reason behind it unless it is said already. */
export function detailWithReason(detail: string | null, reason: string | null): string | null {
  if (reason === null || detail?.includes(reason)) return detail;
  return detail ? `${detail}; reason: ${reason}` : reason;
}
