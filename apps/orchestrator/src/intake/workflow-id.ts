import { randomBytes } from 'node:crypto';

/** A UUIDv7 (RFC 9562): sorts by the time it was made. */
export function newWorkflowId(nowMs: number = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes.writeUInt8(((bytes[6] ?? 0) & 0x0f) | 0x70, 6);
  bytes.writeUInt8(((bytes[8] ?? 0) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

/** Half of them fit where two share the partitions. */
const MOST_TRIES = 64;

/** The same, and one that fits, if there is one to be found soon. */
export function newWorkflowIdFor(fits: (workflowId: string) => boolean): string {
  let workflowId = newWorkflowId();
  for (let tries = 1; tries < MOST_TRIES && !fits(workflowId); tries += 1) workflowId = newWorkflowId();
  return workflowId;
}
