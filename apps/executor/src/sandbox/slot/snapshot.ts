import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** As much as the tools of a workflow may keep besides. A script with more in its memory is run again. */
export const MAX_SNAPSHOT_BYTES = 1_048_576;
const PAGE_BYTES = 65_536;
const QUICKEST = 1;

/**
 * What an instance has in its memory, as the difference to that of a new one: a few per cent of it. Only for a module whose
 * globals are as they were when a call returns, which holds for our interpreter (its stack is empty then). Null: it is too large.
 */
export function takeSnapshot(memory: Uint8Array, fresh: Uint8Array): Uint8Array | null {
  const packed = deflateRawSync(differenceOf(memory, fresh), { level: QUICKEST });
  return packed.length <= MAX_SNAPSHOT_BYTES ? packed : null;
}

/** Makes the memory of a new instance what it was. Throws an Error when that is not possible; the instance is of no use then. */
export function restoreSnapshot(memory: WebAssembly.Memory, snapshot: Uint8Array, mostBytes: number): void {
  const difference = inflateRawSync(snapshot, { maxOutputLength: mostBytes });
  const missing = difference.length - memory.buffer.byteLength;
  if (missing < 0 || difference.length % PAGE_BYTES !== 0) throw new Error(`a snapshot of ${difference.length} bytes does not fit a memory of ${memory.buffer.byteLength}`);
  const fresh = memory.buffer.byteLength;
  if (missing > 0) memory.grow(missing / PAGE_BYTES);
  const bytes = new Uint8Array(memory.buffer);
  bytes.set(differenceOf(difference, bytes.subarray(0, fresh)));
}

/** Bit by bit, of two memories that are whole pages; what one of them does not have counts as zero. It undoes itself. */
function differenceOf(long: Uint8Array, short: Uint8Array): Uint8Array {
  const difference = new Uint8Array(long.length);
  difference.set(long);
  const words = new Uint32Array(difference.buffer, 0, short.length >> 2);
  const base = new Uint32Array(short.buffer, short.byteOffset, short.length >> 2);
  for (let index = 0; index < base.length; index += 1) words[index] = (words[index] ?? 0) ^ (base[index] ?? 0);
  return difference;
}
