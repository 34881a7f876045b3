import { MAX_SNAPSHOT_BYTES } from './slot/snapshot.js';
import { MAX_DETAIL_LENGTH, MAX_MESSAGE_LENGTH, SLOT_CODES, type DoneHeader, type SlotFailure } from './slot/messages.js';

/**
 * Reads what a slot says about the end of a call, as a stranger's word: a slot may have been taken over. Null when it is
 * not what our slot would write; texts are cut to what they may have.
 */
export function readDoneHeader(header: unknown): DoneHeader | null {
  if (!isRecord(header)) return null;
  const { failure, wallMs, cpuMs, peakMemoryBytes, snapshotBytes = 0 } = header;
  if (!isFigure(wallMs) || !isFigure(cpuMs) || !isFigure(peakMemoryBytes)) return null;
  const figures = { wallMs, cpuMs, peakMemoryBytes };
  if (!isFigure(snapshotBytes) || !Number.isInteger(snapshotBytes) || snapshotBytes > MAX_SNAPSHOT_BYTES) return null;
  if (failure === null) return { failure, ...figures, ...(snapshotBytes > 0 ? { snapshotBytes } : {}) };
  const read = readFailure(failure);
  return read ? { failure: read, ...figures } : null;
}

/** Which call it says has ended. */
export const nonceOf = (header: unknown): unknown => (isRecord(header) ? header['nonce'] : undefined);

function readFailure(failure: unknown): SlotFailure | null {
  if (!isRecord(failure)) return null;
  const { message, detail, hostCode } = failure;
  const code = SLOT_CODES.find((known) => known === failure['code']);
  if (!code || typeof message !== 'string' || !isRecord(detail)) return null;
  return { code, message: printable(message.slice(0, MAX_MESSAGE_LENGTH)), detail: readDetail(detail), ...(typeof hostCode === 'string' ? { hostCode: printable(hostCode.slice(0, MAX_DETAIL_LENGTH)) } : {}) };
}

/** A plugin's own words end up on terminals and in logs, where control characters would be commands. */
const printable = (text: string): string => text.replace(/[^\P{Cc}\n\t]/gu, '\uFFFD');

const MAX_DETAILS = 20;

/** Plain figures and short texts; whatever else is there is left out. */
function readDetail(detail: Record<string, unknown>): SlotFailure['detail'] {
  const kept: SlotFailure['detail'] = {};
  for (const [name, value] of Object.entries(detail).slice(0, MAX_DETAILS)) {
    if (!/^[A-Za-z]{1,40}$/.test(name)) continue;
    if (typeof value === 'string') kept[name] = printable(value.slice(0, MAX_DETAIL_LENGTH));
    else if (value === null || typeof value === 'boolean' || typeof value === 'number') kept[name] = value;
  }
  return kept;
}

/** Of any real call; a larger one is a lie. */
const MOST_FIGURE = 1e12;

const isFigure = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value <= MOST_FIGURE;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);
